// Play, pause, step: a clock over the updates of a path that is already known.
import { calm } from "./canvas.js";

/** Counts updates from 0 to `last`; `moved()` is called at every change. */
export class Player {
  constructor(moved) {
    this.moved = moved;
    this.at = 0;
    this.last = 0;
    this.playing = false;
    this.speed = 8;
  }

  /** Goes to an update. */
  to(update) {
    this.at = Math.max(0, Math.min(this.last, update));
    if (this.at >= this.last) this.playing = false;
    this.moved();
  }

  /** Plays on from here (from the start, if it stands at the end); with reduced motion it jumps to the end. */
  play() {
    if (this.at >= this.last) this.at = 0;
    if (calm()) return this.to(this.last);
    this.playing = true;
    this.exact = this.at;
    this.time = null;
    this.moved();
    requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    this.playing = false;
    this.moved();
  }

  tick(now) {
    if (!this.playing) return;
    if (this.time !== null) this.exact += (this.speed * Math.min(now - this.time, 250)) / 1000;
    this.time = now;
    const at = Math.min(this.last, Math.floor(this.exact));
    if (at !== this.at) this.to(at);
    if (this.playing) requestAnimationFrame((later) => this.tick(later));
  }
}
