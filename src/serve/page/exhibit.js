// The live figure of a lesson: a descent on a surface, or a training that runs while one reads.
import { post } from "./api.js";
import { Figure } from "./figure.js";
import { Lines } from "./lines.js";
import { Run } from "./run.js";
import { SPEEDS, Transport } from "./transport.js";
import { Yardstick } from "./yardstick.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { verdict } from "./outcome.js";
import { plain, short, whole } from "./numbers.js";
import { tell, words as inWords } from "./said.js";

/** Seconds that a path plays at most. */
const LONGEST = 12;

/** A lesson's figure. A step with `slider` {low, high, value} lets the reader set the learning rate. */
export class Exhibit {
  constructor(step) {
    this.step = step;
    this.root = h("div", { class: "parts" });
    this.requests = [step.request, step.other].filter(Boolean).map((r) => structuredClone(r));
  }

  /** What the reader has set, for the judgement. */
  given() {
    return this.rate === undefined ? {} : { rate: this.rate };
  }

  async open() {
    if (this.step.slider) this.root.append(this.slider());
    try {
      if (this.step.figure === "train") this.train();
      else for (const request of this.requests) await this.explore(request);
    } catch (refusal) {
      this.root.append(tell(h("p", { class: "problem" }), refusal));
    }
  }

  close() {
    this.closed = true;
    for (const f of this.figures ?? []) f.player.playing = false;
    this.run?.drop();
  }

  slider() {
    const { low, high, value } = this.step.slider;
    this.rate = value;
    const out = h("output", null, short(value, 3));
    const box = h("input", { type: "range", id: "learn-rate", min: Math.log10(low), max: Math.log10(high), step: 0.01, on: { input: () => {
      this.rate = Number(plain(10 ** Number(box.value), 3));
      out.value = short(this.rate, 3);
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.again(), 60);
    } } });
    box.value = Math.log10(value);
    return h("label", { class: "card field" }, h("span", { class: "name" }, h("span", { t: "rate" }), out), box);
  }

  async again() {
    const request = this.requests[0];
    for (const run of request.runs) run.rate = this.rate;
    const answer = await post("/api/explore", request);
    if (!this.closed) this.figures[0].show(answer, 0, null);
  }

  async explore(request) {
    if (this.rate !== undefined) for (const run of request.runs) run.rate = this.rate;
    let transport = null;
    const title = h("p", { class: "formula-shown" });
    const chips = h("div", { class: "chips" });
    const figure = new Figure(() => null, () => transport?.show());
    transport = new Transport(figure.player, "learn");
    const answer = await post("/api/explore", request);
    if (this.closed) return;
    title.textContent = answer.surface.scale === "formula" ? `f = ${answer.surface.text}` : inWords(answer.surface.text);
    if (answer.runs.length > 1) {
      chips.append(...answer.runs.map((run, k) => h("span", { class: "chip" }, h("i", { class: `dot look-${k}` }), `${t(`short_${run.request.method}`)} ${short(run.request.rate, 3)}`, h("small", null, t(`outcome_${run.verdict.outcome}`), "\u2002"))));
    }
    const pair = this.requests.length > 1;
    this.root.append(h("section", { class: "card" }, h("div", { class: "bar head" }, title), chips, figure.mapCanvas, figure.curveCanvas, transport.root,
      h("div", { class: "twin" }, h("figure", { class: "figure" }, h("figcaption", { t: "loss" }), figure.lossCanvas), h("figure", { class: "figure" }, h("figcaption", { t: "gradient_norm" }), figure.normCanvas))));
    if (pair) figure.mapCanvas.style.height = "15rem";
    (this.figures ??= []).push(figure);
    const updates = Math.max(...answer.runs.map((r) => r.iterations));
    figure.player.speed = SPEEDS.find((s) => updates / s <= LONGEST) ?? SPEEDS.at(-1);
    figure.show(answer, 0, this.rate === undefined ? 0 : null);
    if (this.rate === undefined) figure.player.play();
  }

  train() {
    const [loss, norm, stick] = ["curve", "curve", "stick"].map((c) => h("canvas", { class: c, role: "img" }));
    const part = (key, canvas) => h("figure", { class: "card figure" }, h("figcaption", { t: key }), canvas);
    const words = h("p", { class: "state", id: "learn-state" });
    const outcome = h("div");
    const again = h("button", { class: "button", type: "button", id: "learn-again", on: { click: () => begin() } }, icon("reset"), h("span", { t: "again" }));
    this.root.append(h("section", { class: "card" }, h("div", { class: "bar" }, again, words)),
      h("div", { class: "twin" }, part("loss", loss), part("gradient_norm", norm)), part("coefficients_now", stick), outcome);
    const curves = (what) => () => (this.run ? [this.run.curve(what)] : []);
    const above = () => this.run?.plan && this.run.plan.optimum !== null;
    const parts = [
      new Lines(loss, curves("loss"), () => ({ xName: t("updates"), yName: t(above() ? "loss_above" : "loss") })),
      new Lines(norm, curves("norm"), () => ({ xName: t("updates"), yName: t("norm_axis"), tolerance: this.run?.plan?.tolerance })),
      new Yardstick(stick, () => {
        const { plan, last } = this.run ?? {};
        return plan && last ? [{ look: 0, columns: plan.columns, estimate: plan.estimate, std_error: plan.std_error, b: last.b, d: last.d }] : [];
      }),
    ];
    const show = () => {
      const { run } = this;
      parts.forEach((p) => p.ask());
      if (!run) return;
      words.textContent = run.last ? `${t(`state_${run.state}`)}: ${t("at_update", { i: whole(run.last.i), g: short(run.last.g) })}` : t(`state_${run.state}`);
      words.dataset.state = run.state;
      outcome.replaceChildren(run.end ? verdict(run) : run.error ? tell(h("p", { class: "problem" }), run.error) : "");
    };
    const begin = async () => {
      this.run?.drop();
      this.run = null;
      const run = await Run.start(this.requests[0], 0, show);
      if (this.closed) return run.drop();
      this.run = run;
      show();
    };
    begin().catch((refusal) => this.root.append(tell(h("p", { class: "problem" }), refusal)));
  }
}
