// Which surface: a lesson, a formula, or the loss of a real fit over two of its coefficients.
import { get, post } from "./api.js";
import { field, fillSelect, h, select } from "./dom.js";
import { outcomeLevels, usable } from "./formula.js";
import { lang } from "./i18n.js";
import { SURFACES } from "./explore_state.js";
import { short } from "./numbers.js";

/** The card; `changed(part, fresh)` gets what changed of the state, fresh: another surface, so that paths begin anew. */
export class SurfaceCard {
  constructor(changed) {
    this.changed = changed;
    this.presets = [];
    this.datasets = [];
    this.lesson = select([], "", (name) => this.preset(name), { id: "preset" });
    this.surface = select([...Object.keys(SURFACES).map((s) => [s, `surface_${s}`]), ["fit", "surface_fit"]], "valley", (name) => this.pick(name), { id: "surface" });
    this.knob = h("input", { type: "range", id: "condition", min: 0, max: 4, step: 0.01, on: { input: () => changed({ condition: Number((10 ** Number(this.knob.value)).toPrecision(3)) }, false) } });
    this.knobOut = h("output");
    this.data = select([], "", (id) => this.dataset(id), { id: "explore-data" });
    this.formula = h("input", { id: "explore-formula", spellcheck: "false", autocomplete: "off", on: { change: () => this.refit({ formula: this.formula.value, over: null }) } });
    this.over = [0, 1].map((k) => select([], "", (name) => this.refit({ over: k === 0 ? [name, this.over[1].value] : [this.over[0].value, name] }), { id: `over-${k}` }));
    this.others = select([["held", "others_held"], ["profiled", "others_profiled"]], "held", (others) => this.refit({ others }), { id: "others" });
    this.scale = select([["standardised", "scale_standardised"], ["raw", "scale_raw"]], "standardised", (scale) => this.refit({ scale }), { id: "explore-scale" });
    this.event = select([["", "event_auto"]], "", (level) => this.refit({ event: level || null }), { id: "explore-event" });
    this.eventField = field("event", this.event);
    this.eventField.hidden = true;
    this.knobField = field("condition", this.knob, this.knobOut);
    this.fitFields = h("div", { hidden: true }, field("data", this.data), field("formula", this.formula), this.eventField,
      h("div", { class: "pair" }, field("over_x", this.over[0]), field("over_y", this.over[1])),
      h("div", { class: "pair" }, field("others", this.others), field("scale", this.scale)));
    this.root = h("section", { class: "card pick" }, field("preset", this.lesson), field("surface", this.surface), this.knobField, this.fitFields);
  }

  async open() {
    [this.presets, this.datasets] = await Promise.all([get("/api/explore/presets"), get("/api/datasets")]);
    this.resay();
  }

  /** Fetches the list of data sets anew: a file may have come meanwhile. */
  async refresh() {
    this.datasets = await get("/api/datasets");
    this.resay();
  }

  /** Lists whose words depend on the language. */
  resay() {
    fillSelect(this.lesson, [["", "preset_none"], ...this.presets.map((p) => [p.name, null, p.lesson[lang()] ?? p.lesson.en])], this.lesson.value);
    fillSelect(this.data, this.datasets.map((d) => [d.id, null, d.uploaded ? d.name : d.id.replace(/^@/, "").replaceAll("_", " ")]), this.data.value);
    if (this.state) this.show(this.state);
  }

  preset(name) {
    const found = this.presets.find((p) => p.name === name);
    if (!found) return;
    const { request } = found;
    const runs = request.runs.map((r) => Object.fromEntries(Object.entries(r).filter(([, v]) => v !== null)));
    this.changed({ surface: request.surface, condition: request.condition ?? 20, fit: null, runs, active: 0 }, true);
  }

  pick(name) {
    this.lesson.value = "";
    if (name === "fit") return this.dataset(this.datasets.find((d) => d.id.includes("treatment"))?.id ?? this.datasets[0]?.id);
    const rates = { bowl: 0.3, valley: 0.08, himmelblau: 0.01, rosenbrock: 0.001, beale: 0.01, saddle: 0.2, plateau: 0.5, hills: 0.5, parabola: 0.1, wave: 0.1 };
    this.changed({ surface: name, fit: null, runs: [{ method: "gradient-descent", rate: rates[name], start: SURFACES[name][1], tolerance: 0.001, max_iterations: name === "rosenbrock" ? 2000 : 200 }], active: 0 }, true);
  }

  async dataset(id) {
    const found = this.datasets.find((d) => d.id === id);
    if (!found) return;
    const formula = found.example?.formula ?? (await this.firstFormula(found));
    this.changed({ fit: { data: id, formula, event: null, over: null, others: "held", scale: "standardised" }, runs: [{ method: "gradient-descent", rate: "auto", start: [], tolerance: 0.001, max_iterations: 200 }], active: 0 }, true);
  }

  /** The last column by the first two others that can be predictors. */
  async firstFormula({ id, rows }) {
    const columns = (await this.columnsOf(id)).filter((c) => usable(c, rows)).map((c) => c.in_formula);
    return `${columns.at(-1) ?? ""} ~ ${columns.slice(0, -1).slice(0, 2).join(" + ") || 1}`;
  }

  /** The columns of a data set as the program describes them. */
  columnsOf(id) {
    if (this.about?.id !== id) this.about = { id, columns: get(`/api/data/${encodeURIComponent(id)}`).then((data) => data.columns, () => []) };
    return this.about.columns;
  }

  refit(part) {
    const { fit } = this.state;
    const fresh = part.scale || part.over !== undefined || part.event !== undefined;
    if (part.formula && outcome(part.formula) !== outcome(fit.formula)) part.event = null;
    const runs = fresh ? this.state.runs.map((r) => ({ ...r, start: [], rate: "auto" })) : this.state.runs;
    this.changed({ fit: { ...fit, ...part }, runs }, true);
  }

  /** Shows the state; the coefficients to choose from come from the program. */
  show(state, exploration) {
    this.state = state;
    const { fit } = state;
    this.surface.value = fit ? "fit" : state.surface;
    this.knobField.hidden = Boolean(fit) || state.surface !== "valley";
    this.knob.value = Math.log10(state.condition);
    this.knobOut.value = short(state.condition, 3);
    this.fitFields.hidden = !fit;
    if (!fit) return;
    this.data.value = fit.data;
    if (document.activeElement !== this.formula) this.formula.value = fit.formula;
    this.others.value = fit.others;
    this.scale.value = fit.scale;
    this.terms(fit, exploration?.surface.axes ?? fit.over);
    this.events(fit);
  }

  /** Which levels the outcome has, if it has two: any of them can be the event. */
  async events(fit) {
    const columns = await this.columnsOf(fit.data);
    if (this.state.fit !== fit) return;
    const levels = outcomeLevels(columns.find((c) => c.in_formula === outcome(fit.formula) || c.name === outcome(fit.formula)));
    this.eventField.hidden = !levels;
    if (levels) fillSelect(this.event, [["", "event_auto"], ...levels.map((l) => [l, null, l])], fit.event ?? "");
  }

  async terms(fit, over) {
    const key = `${fit.data}|${fit.formula}|${fit.event}`;
    if (this.known !== key) {
      this.known = key;
      this.columns = (await post("/api/formula", { data: fit.data, formula: fit.formula, event: fit.event }).catch(() => null))?.columns ?? [];
    }
    this.over.forEach((box, k) => fillSelect(box, this.columns.map((c) => [c, null, c]), over?.[k] ?? ""));
  }
}

/** What stands before the tilde. */
const outcome = (formula) => formula.split("~")[0].trim();
