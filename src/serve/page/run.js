// One training run as the program streams it: its plan, its frames, its end.
import { Refusal, forget, get, post } from "./api.js";
import { learnt } from "./said.js";

/** Points kept of a run; beyond, every other of the older half goes (the figures have fewer pixels). */
const MOST_POINTS = 8000;

export class Run {
  /** `changed(what)` is called with "state", "plan", "frames" or "end". */
  constructor(id, request, look, changed) {
    this.id = id;
    this.request = request;
    this.look = look;
    this.changed = changed;
    this.state = "waiting";
    this.plan = null;
    this.end = null;
    this.error = null;
    this.files = null;
    this.clear();
  }

  /** Starts a run and listens to it. */
  static async start(request, look, changed) {
    const { id } = await post("/api/train", request);
    const run = new Run(id, request, look, changed);
    run.listen();
    return run;
  }

  clear() {
    this.iterations = [];
    this.epochs = [];
    this.losses = [];
    this.norms = [];
    this.last = null;
    this.skipped = 0;
  }

  listen() {
    const source = new EventSource(`/api/train/${this.id}/events`);
    this.source = source;
    const on = (event, f) => source.addEventListener(event, (e) => f(learnt(JSON.parse(e.data))));
    on("state", (said) => ((this.state = said.state), this.changed("state")));
    on("plan", (plan) => ((this.plan = plan), this.clear(), this.changed("plan")));
    on("frames", (said) => this.take(said));
    on("end", (end) => this.finish("ended", end, null));
    on("failed", (error) => this.finish("failed", null, new Refusal(0, error)));
    // a connection that broke begins again by itself, and the program then sends the whole past
    source.addEventListener("error", () => this.check());
  }

  take({ frames, skipped }) {
    for (const f of frames) {
      const before = this.iterations[this.iterations.length - 1];
      if (before !== undefined && f.i <= before) {
        if (f.i === 0) this.clear();
        else continue;
      }
      this.iterations.push(f.i);
      this.epochs.push(f.e);
      this.losses.push(f.loss);
      this.norms.push(f.g);
      this.last = f;
    }
    this.skipped += skipped ?? 0;
    if (this.iterations.length > MOST_POINTS) this.thin();
    this.changed("frames");
  }

  thin() {
    const half = this.iterations.length >> 1;
    const stays = (_, k) => k >= half || k % 2 === 0;
    for (const list of ["iterations", "epochs", "losses", "norms"]) this[list] = this[list].filter(stays);
  }

  finish(state, end, error) {
    this.source?.close();
    this.state = state;
    this.end = end;
    this.error = error;
    this.changed("end");
  }

  /** After a broken connection: is the run still known? */
  async check() {
    if (this.over || this.source?.readyState !== EventSource.CLOSED) return;
    try {
      const status = await get(`/api/train/${this.id}`);
      if (status.state === "ended" || status.state === "failed") this.finish(status.state, learnt(status.end), learnt(status.error) && new Refusal(0, status.error));
      else this.listen();
    } catch (refusal) {
      this.finish("failed", null, refusal);
    }
  }

  get over() {
    return this.state === "ended" || this.state === "failed";
  }

  /** Pause, resume, step, stop, rate, speed. */
  async control(order) {
    // the state comes with the events, in their order; an answer can be older than the last of them
    await post(`/api/train/${this.id}/control`, order);
  }

  /** Has the report written; the list of its files. */
  async report() {
    this.files = (await post(`/api/train/${this.id}/report`)).files;
    return this.files;
  }

  /** Stops listening and has the program forget the run. */
  drop() {
    this.source?.close();
    forget(`/api/train/${this.id}`).catch(() => null);
  }

  /** The curve of the loss above its minimum (where that is known) or of the norm, for a figure. */
  curve(what) {
    const optimum = this.plan?.optimum ?? null;
    const above = (v) => (v === null ? null : Math.max(v - optimum, 0));
    const y = what === "norm" ? this.norms : optimum === null ? this.losses : this.losses.map(above);
    return { look: this.look, x: this.iterations, y, hollow: this.over && !this.end?.converged };
  }
}
