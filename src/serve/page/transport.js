// The buttons below a figure: reset, one update back or on, play, to the end, and a slider over the updates.
import { h, icon, label, select } from "./dom.js";
import { t } from "./i18n.js";
import { whole } from "./numbers.js";

/** Updates a second to choose from. */
export const SPEEDS = [2, 8, 30, 120, 1000];

/** The bar of a player; `id` begins the ids of its parts. */
export class Transport {
  constructor(player, id, sped) {
    this.player = player;
    const button = (name, shape, f) => h("button", { class: "icon", type: "button", id: `${id}-${name}`, label: name, on: { click: f } }, icon(shape));
    this.play = button("play", "play", () => (player.playing ? player.pause() : player.play()));
    const stop = (f) => () => ((player.playing = false), f());
    this.slider = h("input", { type: "range", min: 0, max: 1, value: 0, id: `${id}-update`, label: "update", on: { input: stop(() => player.to(Number(this.slider.value))) } });
    this.count = h("output", { class: "count" });
    this.speed = select(SPEEDS.map((s) => [String(s), "speed_per_second", null]), "8", (v) => ((player.speed = Number(v)), sped?.(player.speed)), { label: "speed", id: `${id}-speed` });
    this.root = h("div", { class: "bar transport-bar" },
      button("reset", "reset", stop(() => player.to(0))),
      button("back", "back", stop(() => player.to(player.at - 1))),
      this.play,
      button("step", "step", stop(() => player.to(player.at + 1))),
      button("end", "end", stop(() => player.to(player.last))),
      h("span", { class: "grow" }, this.slider), this.count, this.speed);
    for (const option of this.speed.options) {
      option.dataset.vars = JSON.stringify({ n: option.value });
      option.textContent = t("speed_per_second", { n: option.value });
    }
  }

  /** As the player stands now. */
  show() {
    const { player } = this;
    if (this.playing !== player.playing) {
      this.playing = player.playing;
      this.play.replaceChildren(icon(player.playing ? "pause" : "play"));
      label(this.play, player.playing ? "pause" : "play");
    }
    this.slider.max = Math.max(player.last, 1);
    this.slider.value = player.at;
    this.count.value = `${whole(player.at)} / ${whole(player.last)}`;
    if (document.activeElement !== this.speed && SPEEDS.includes(player.speed)) this.speed.value = String(player.speed);
  }
}
