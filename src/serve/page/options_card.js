// Step 3 of training: how it descends.
import { field, h, say, select } from "./dom.js";
import { plain, short } from "./numbers.js";
import { t } from "./i18n.js";
import { tell } from "./said.js";

/** Learning rates of the slider, as powers of ten. */
export const RATES = { low: -5, high: 1, step: 0.02 };
const TOLERANCES = { low: -10, high: -1 };

/** A slider for a learning rate with its read-out; `changed(rate)`. */
export function rateSlider(rate, changed, id) {
  const out = h("output", null, short(rate, 3));
  const slider = h("input", { type: "range", id, min: RATES.low, max: RATES.high, step: RATES.step, label: "rate", on: { input: () => ((out.value = short(slider.rate(), 3)), slider.setAttribute("aria-valuetext", out.value), changed(slider.rate())) } });
  slider.rate = () => Number(plain(10 ** Number(slider.value), 3));
  slider.show = (value) => {
    slider.value = Math.log10(value);
    out.value = short(value, 3);
    slider.setAttribute("aria-valuetext", out.value);
  };
  slider.show(rate);
  slider.out = out;
  return slider;
}

/** The card. */
export class OptionsCard {
  constructor(start) {
    this.method = select(["auto", "gradient-descent", "momentum", "nesterov", "adam"].map((m) => [m, `method_${m}`]), "gradient-descent", () => this.dress(), { id: "method" });
    this.rule = select([["fixed", "rate_fixed"], ["auto", "rate_auto"], ["line-search", "rate_line-search"]], "auto", () => this.dress(), { id: "rate-rule" });
    this.rate = rateSlider(0.1, () => null, "rate");
    this.rateField = field("rate", this.rate, this.rate.out);
    this.batch = select([["", "full_batch"], ...[8, 32, 128, 512].map((n) => [n, null, String(n)])], "", () => this.dress(), { id: "batch" });
    this.schedule = select(["", "constant", "inverse-time", "cosine"].map((s) => [s, s ? `schedule_${s}` : "schedule_usual"]), "", () => null, { id: "schedule" });
    this.scale = select([["standardised", "scale_standardised"], ["raw", "scale_raw"]], "standardised", () => null, { id: "scale" });
    this.tolerance = h("input", { type: "range", id: "tolerance", min: TOLERANCES.low, max: TOLERANCES.high, step: 1, value: -3, on: { input: () => this.tell() } });
    this.tolerated = h("output");
    this.most = h("input", { id: "epochs", inputmode: "numeric", placeholder: t("usual"), value: "" });
    this.speed = select([["5", "speed_slow"], ["30", "speed_watch"], ["200", "speed_fast"], ["", "speed_full"]], "30", () => null, { id: "speed" });
    this.problem = h("div", { class: "problem", hidden: true });
    this.start = h("button", { class: "button main grow", type: "button", id: "train-start", on: { click: start } }, h("span", { t: "train_now" }));
    this.root = h("section", { class: "card" },
      h("h2", null, h("i", { class: "nr" }, "3"), h("span", { t: "descent" })),
      h("div", { class: "pair" }, field("method", this.method), this.ruleField = field("rate", this.rule)),
      this.rateField,
      h("div", { class: "pair" }, field("batch", this.batch), field("speed", this.speed)),
      h("details", null, h("summary", { t: "more" }),
        h("div", { class: "pair" }, field("schedule", this.schedule), field("scale", this.scale)),
        h("div", { class: "pair" }, field("tolerance", this.tolerance, this.tolerated), field("most_epochs", this.most))),
      h("div", { class: "bar" }, this.start),
      this.problem);
    this.tell();
    this.dress();
  }

  tell() {
    this.tolerated.value = short(10 ** Number(this.tolerance.value), 2);
  }

  dress() {
    const own = this.method.value === "auto";
    this.ruleField.hidden = own;
    this.rateField.hidden = own || this.rule.value !== "fixed";
    this.batch.disabled = own;
    this.most.placeholder = t("usual");
  }

  /** The settings as the program wants them. */
  request() {
    const body = { method: this.method.value, tolerance: 10 ** Number(this.tolerance.value), scale: this.scale.value };
    if (body.method !== "auto") {
      body.rate = this.rule.value === "fixed" ? this.rate.rate() : this.rule.value;
      if (this.batch.value) body.batch = Number(this.batch.value);
    } else delete body.tolerance;
    if (this.schedule.value) body.schedule = this.schedule.value;
    const most = Number(this.most.value);
    if (this.most.value.trim() && Number.isFinite(most)) body.max_epochs = most;
    body.updates_per_second = this.speed.value ? Number(this.speed.value) : null;
    return body;
  }

  refuse(refusal) {
    tell(this.problem, refusal);
  }

  ready(yes) {
    this.start.disabled = !yes;
    say(this.start.firstChild, "train_now");
  }
}
