// The knobs of one path: start, learning rate, method, schedule, noise, tolerance.
import { field, h, select } from "./dom.js";
import { METHODS, RULES, SCHEDULES } from "./explore_state.js";
import { plain, short } from "./numbers.js";

const NOISES = [0, 0.1, 0.3, 1, 3, 10, 30];
const BATCHES = [0, 8, 32, 128];
const RATES = { formula: [-5, 1], fit: [-7, 2] };

/** The knobs; `changed(run)` gets the run with one thing changed, `shown` what the engine made of it. */
export class RunControls {
  constructor(changed) {
    this.change = (part) => changed({ ...this.run, ...part });
    const number = (id, use) => h("input", { id, inputmode: "decimal", autocomplete: "off", on: { change: (e) => Number.isFinite(Number(e.target.value)) && e.target.value.trim() !== "" ? use(Number(e.target.value)) : this.show(this.run, this.shown, this.fit) } });
    this.x = number("start-x", (v) => this.change({ start: [v, ...this.start().slice(1)] }));
    this.y = number("start-y", (v) => this.change({ start: [this.start()[0], v] }));
    this.out = h("output");
    this.slider = h("input", { type: "range", id: "rate-slider", step: 0.01, label: "rate", on: { input: () => this.slide() } });
    this.typed = number("rate-number", (v) => v > 0 && this.change({ rate: v }));
    this.rule = select([["fixed", "rate_fixed"], ...RULES.map((r) => [r, `rate_${r}`])], "fixed", (v) => this.change({ rate: v === "fixed" ? this.rate() : v }), { id: "rule" });
    this.method = select(METHODS.map((m) => [m, `method_${m}`]), METHODS[0], (v) => this.swap(v), { id: "explore-method" });
    this.friction = h("input", { type: "range", id: "friction", min: 0, max: 0.99, step: 0.01, on: { input: () => this.change({ friction: Number(this.friction.value) }) } });
    this.frictionOut = h("output");
    this.schedule = select(SCHEDULES.map((s) => [s, `schedule_${s}`]), "constant", (v) => this.change({ schedule: v, gamma: undefined }), { id: "explore-schedule" });
    this.gamma = number("gamma", (v) => this.change({ gamma: v }));
    this.noise = select(NOISES.map((n) => [String(n), n ? null : "none", n ? String(n) : null]), "0", (v) => this.change({ noise: Number(v) || undefined }), { id: "noise" });
    this.batch = select(BATCHES.map((n) => [String(n), n ? null : "full_batch", n ? String(n) : null]), "0", (v) => this.change({ batch: Number(v) || undefined }), { id: "explore-batch" });
    this.tolerance = h("input", { type: "range", id: "explore-tolerance", min: -10, max: 0, step: 1, on: { input: () => this.change({ tolerance: Number(plain(10 ** Number(this.tolerance.value), 1)) }) } });
    this.toleranceOut = h("output");
    this.most = number("most", (v) => this.change({ max_iterations: Math.max(1, Math.min(20000, Math.round(v))) }));
    this.rateField = h("div", { class: "field" }, h("label", { class: "name", for: "rate-slider" }, h("span", { t: "rate" }), this.out),
      h("div", { class: "beside" }, this.slider, this.typed));
    this.typed.setAttribute("data-t-label", "rate");
    this.root = h("div", { class: "knobs" },
      field("method", this.method), this.ruleField = field("rate_rule", this.rule),
      this.rateField,
      this.frictionField = field("friction", this.friction, this.frictionOut),
      h("div", { class: "pair" }, this.xField = field("start_x", this.x), this.yField = field("start_y", this.y)),
      h("details", null, h("summary", { t: "more" }),
        h("div", { class: "pair" }, this.noiseField = field("noise", this.noise), this.batchField = field("batch", this.batch), field("most_updates", this.most)),
        h("div", { class: "pair" }, field("schedule", this.schedule), this.gammaField = field("gamma", this.gamma)),
        field("tolerance", this.tolerance, this.toleranceOut)));
  }

  start() {
    return this.run.start?.length ? this.run.start : this.shown?.request.start ?? [0, 0];
  }

  rate() {
    return typeof this.run.rate === "number" ? this.run.rate : typeof this.shown?.request.rate === "number" ? this.shown.request.rate : 0.1;
  }

  slide() {
    const rate = Number(plain(10 ** Number(this.slider.value), 3));
    this.out.value = short(rate, 3);
    this.change({ rate });
  }

  /** Another method has another usual rate. */
  swap(method) {
    const part = { method };
    if (!["gradient-descent"].includes(method) && typeof this.run.rate !== "number") part.rate = "auto";
    if (method !== this.run.method && ["adam", "adagrad", "rmsprop", "newton"].includes(method) !== ["adam", "adagrad", "rmsprop", "newton"].includes(this.run.method)) part.rate = "auto";
    this.change(part);
  }

  /** Shows a run; `shown` is the engine's run (null before its answer), `fit` whether the surface is a fit's. */
  show(run, shown, fit, size = 2) {
    [this.run, this.shown, this.fit] = [run, shown, fit];
    const start = this.start();
    const put = (box, value) => document.activeElement !== box && (box.value = value);
    put(this.x, plain(start[0], 5));
    if (size > 1) put(this.y, plain(start[1] ?? 0, 5));
    this.yField.hidden = size === 1;
    const fixed = typeof run.rate === "number";
    this.rule.value = fixed ? "fixed" : run.rate;
    const searched = !["gradient-descent"].includes(run.method);
    for (const option of this.rule.options) option.disabled = searched && !["fixed", "auto"].includes(option.value);
    const [low, high] = RATES[fit ? "fit" : "formula"];
    this.slider.min = low;
    this.slider.max = high;
    const rate = this.rate();
    if (document.activeElement !== this.slider || Math.abs(Number(this.slider.value) - Math.log10(rate)) > 0.02) this.slider.value = Math.log10(rate);
    this.out.value = short(rate, 3);
    this.slider.setAttribute("aria-valuetext", short(rate, 3));
    put(this.typed, plain(rate, 4));
    this.rateField.hidden = !fixed && run.rate !== "auto";
    this.method.value = run.method;
    this.frictionField.hidden = run.method !== "momentum";
    this.friction.value = run.friction ?? 0.9;
    this.frictionOut.value = short(run.friction ?? 0.9, 2);
    this.schedule.value = run.schedule ?? "constant";
    this.gammaField.hidden = !["exponential", "steps"].includes(run.schedule);
    put(this.gamma, plain(run.gamma ?? shown?.request.gamma ?? 0.95));
    this.noiseField.hidden = fit;
    this.batchField.hidden = !fit;
    this.noise.value = String(run.noise ?? 0);
    this.batch.value = String(run.batch ?? 0);
    const tolerance = run.tolerance ?? 0.001;
    this.tolerance.value = Math.log10(tolerance);
    this.toleranceOut.value = short(tolerance, 2);
    put(this.most, run.max_iterations ?? 200);
  }
}
