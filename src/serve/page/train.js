// The second tab: one's own data, a model, and its training as it happens.
import { announce, h, icon, say } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { DataCard } from "./data_card.js";
import { ModelCard } from "./model_card.js";
import { OptionsCard, rateSlider } from "./options_card.js";
import { Lines } from "./lines.js";
import { Outcome } from "./outcome.js";
import { Run } from "./run.js";
import { Yardstick } from "./yardstick.js";
import { short, whole } from "./numbers.js";
import { told } from "./said.js";

const MOST_RUNS = 6;

/** The tab. */
export class Train {
  constructor(panel) {
    this.runs = [];
    this.active = null;
    this.data = new DataCard((data, example) => this.model.begin(data, example));
    this.model = new ModelCard((said) => this.options.ready(said !== null));
    this.options = new OptionsCard(() => this.start());
    this.options.ready(false);
    this.outcome = new Outcome();
    const figure = (key, id) => h("figure", { class: "card figure" }, h("figcaption", { t: key }), h("canvas", { id, class: "curve", role: "img", "data-t-label": key }));
    this.lossFigure = figure("loss", "train-loss");
    this.normFigure = figure("gradient_norm", "train-norm");
    this.stickFigure = figure("coefficients_now", "train-stick");
    this.stickFigure.append(h("p", { class: "note", t: "yardstick_note" }));
    this.legend = h("div", { class: "chips", role: "group", "data-t-label": "runs" });
    this.state = h("p", { class: "state", id: "train-state", t: "train_hint" });
    this.buttons = Object.fromEntries([["pause", "pause"], ["step", "step"], ["stop", "stop"]].map(([name, shape]) =>
      [name, h("button", { class: "icon", type: "button", id: `train-${name}`, label: name, disabled: true, on: { click: () => this.order(name) } }, icon(shape))]));
    this.rate = rateSlider(0.1, (rate) => this.steer(rate), "train-rate");
    this.rate.disabled = true;
    this.rateField = h("label", { class: "field steer" }, h("span", { class: "name" }, h("span", { t: "rate_now" }), this.rate.out), this.rate);
    const live = h("div", { class: "live" },
      h("section", { class: "card transport" }, this.legend,
        h("div", { class: "bar" }, Object.values(this.buttons), this.state, this.rateField)),
      h("div", { class: "twin" }, this.lossFigure, this.normFigure),
      this.stickFigure,
      this.outcome.root);
    panel.append(h("div", { class: "intro" }, h("h1", { t: "train_title" }), h("p", { class: "note", t: "train_lead" })),
      h("div", { class: "train" }, h("div", { class: "setup" }, this.data.root, this.model.root, this.options.root), live));
    this.draw();
    onLanguage(() => this.resay());
  }

  draw() {
    const canvas = (f) => f.querySelector("canvas");
    const curves = (what) => () => this.runs.map((r) => ({ ...r.curve(what), faint: false }));
    const above = () => this.active?.plan && this.active.plan.optimum !== null;
    this.loss = new Lines(canvas(this.lossFigure), curves("loss"), () => ({ xName: t("updates"), yName: t(above() ? "loss_above" : "loss") }));
    this.norm = new Lines(canvas(this.normFigure), curves("norm"), () => ({ xName: t("updates"), yName: t("norm_axis"), tolerance: this.active?.plan?.tolerance }));
    this.stick = new Yardstick(canvas(this.stickFigure), () => this.sticks());
    this.stickFigure.hidden = true;
  }

  /** Called when the tab is opened first. */
  async open(state) {
    if (!this.opened) {
      this.opened = true;
      await this.data.open(state.data);
      if (state.formula) {
        this.model.formula.value = state.formula;
        this.model.typed();
      }
    }
  }

  /** What of this tab belongs into an address. */
  address() {
    return this.data.data && !this.data.data.uploaded ? { data: this.data.data.id, formula: this.model.formula.value } : {};
  }

  sticks() {
    const same = (run) => run.plan && run.last && run.plan.columns.join() === this.active.plan.columns.join();
    if (!this.active?.plan || !this.active.last) return [];
    return [...this.runs.filter((r) => r !== this.active && same(r)), this.active].map((r) => ({
      look: r.look, columns: r.plan.columns, estimate: r.plan.estimate, std_error: r.plan.std_error, b: r.last.b, d: r.last.d, fresh: r.iterations.length < 3,
    }));
  }

  async start() {
    this.options.refuse(null);
    this.options.start.disabled = true;
    try {
      const request = { ...this.model.request(), ...this.options.request() };
      if (this.runs.length > 0 && this.runs[0].request.data !== request.data) while (this.runs.length) this.remove(this.runs[0]);
      if (this.runs.length === MOST_RUNS) this.remove(this.runs[0]);
      const look = [0, 1, 2, 3, 4, 5].find((k) => !this.runs.some((r) => r.look === k));
      const run = await Run.start(request, look, (what) => this.changed(run, what));
      this.runs.push(run);
      this.pick(run);
      if (matchMedia("(max-width: 1000px)").matches) this.legend.scrollIntoView({ block: "start" });
    } catch (refusal) {
      this.options.refuse(refusal);
      announce(told(refusal));
    }
    this.options.start.disabled = false;
  }

  pick(run) {
    this.active = run;
    this.stick.far = undefined;
    this.outcome.show(run);
    this.list();
    this.all();
  }

  remove(run) {
    run.drop();
    this.runs = this.runs.filter((r) => r !== run);
    if (this.active === run) this.active = this.runs.at(-1) ?? null;
    this.outcome.show(this.active);
    this.list();
    this.all();
  }

  changed(run, what) {
    if (!run) return;
    if (what === "end") {
      if (run === this.active) this.outcome.show(run);
      announce(this.words(run));
      this.list();
    }
    if (what === "plan" || what === "state") this.list();
    if (run === this.active || what !== "state") this.all();
  }

  /** Figures and controls as they are now; at most once a frame. */
  all() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.now();
    });
  }

  now() {
    const run = this.active;
    const going = run && ["running", "paused"].includes(run.state);
    const paused = run?.state === "paused";
    for (const [name, button] of Object.entries(this.buttons)) button.disabled = !run || run.over || (name !== "stop" && !going);
    const { pause } = this.buttons;
    if (pause.dataset.shape !== String(paused)) {
      pause.dataset.shape = String(paused);
      pause.replaceChildren(icon(paused ? "play" : "pause"));
      pause.dataset.tLabel = paused ? "resume" : "pause";
      pause.setAttribute("aria-label", t(pause.dataset.tLabel));
      pause.title = t(pause.dataset.tLabel);
    }
    const steers = going && run.plan && run.plan.method !== "auto" && run.last?.r !== null;
    this.rateField.hidden = !steers && !!run && (run.over || run.plan?.method === "auto");
    this.rate.disabled = !steers;
    if (steers && document.activeElement !== this.rate && run.last?.r) this.rate.show(run.last.r);
    if (run) {
      delete this.state.dataset.t;
      this.state.textContent = this.words(run);
      this.state.dataset.state = run.state;
      this.state.dataset.iteration = run.last?.i ?? "";
      this.state.dataset.norm = run.last?.g ?? "";
      this.state.dataset.seconds = run.last?.t ?? "";
    } else say(this.state, "train_hint");
    this.stickFigure.hidden = this.sticks().length === 0;
    this.loss.ask();
    this.norm.ask();
    if (!this.stickFigure.hidden) this.stick.ask();
  }

  words(run) {
    const state = t(`state_${run.state}`);
    if (!run.last) return state;
    const far = run.last.far === null || run.last.far === undefined ? "" : `, ${t("far", { n: short(run.last.far, 3) })}`;
    return `${state}: ${t("at_update", { i: whole(run.last.i), g: short(run.last.g, 4) })}${far}`;
  }

  list() {
    this.legend.replaceChildren(...this.runs.map((run) => {
      const dot = h("i", { class: `dot look-${run.look}` });
      const rate = run.plan?.rate ?? run.request.rate;
      const words = [t(`method_${run.request.method}`), typeof rate === "number" ? short(rate, 3) : null, run.request.batch ? `${t("batch_of")} ${run.request.batch}` : null].filter(Boolean).join(" · ");
      return h("span", { class: run === this.active ? "chip on" : "chip" },
        h("button", { type: "button", class: "name", "aria-pressed": run === this.active ? "true" : "false", on: { click: () => this.pick(run) } }, dot, words),
        h("button", { type: "button", label: "remove", on: { click: () => this.remove(run) } }, icon("close")));
    }));
  }

  async order(name) {
    const run = this.active;
    const what = name === "pause" && run.state === "paused" ? "resume" : name;
    await run.control({ do: what }).catch((refusal) => announce(told(refusal)));
  }

  steer(rate) {
    clearTimeout(this.steering);
    this.steering = setTimeout(() => this.active?.control({ do: "rate", rate }).catch((refusal) => announce(told(refusal))), 80);
  }

  resay() {
    this.data.show();
    this.model.show();
    this.options.dress();
    this.outcome.show(this.active);
    this.list();
    this.now();
  }
}
