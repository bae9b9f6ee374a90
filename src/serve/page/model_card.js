// Step 2 of training: the formula, clicked together or typed; the program says what it makes of it.
import { latest, post } from "./api.js";
import { fillSelect, h, icon } from "./dom.js";
import { empty, outcomeLevels, read, usable, write } from "./formula.js";
import { t } from "./i18n.js";
import { whole } from "./numbers.js";
import { known, said as inWords, words } from "./said.js";

/** The card; `checked(said)` gets the program's description of a good formula, or null. */
export class ModelCard {
  constructor(checked) {
    this.checked = checked;
    this.pieces = empty();
    this.ask = latest();
    this.said = null;
    this.outcome = h("select", { id: "outcome", on: { change: () => this.setOutcome(this.outcome.value) } });
    this.event = h("select", { id: "event", on: { change: () => this.check() } });
    this.eventField = h("label", { class: "field", hidden: true }, h("span", { class: "name" }, h("span", { t: "event" })), this.event);
    this.treatment = h("select", { id: "treatment", on: { change: () => ((this.pieces.treatment = this.treatment.value), this.compose()) } });
    this.predictors = h("div", { class: "predictors", role: "group", "data-t-label": "predictors" });
    this.first = h("select", { "data-t-label": "interaction_first" });
    this.second = h("select", { "data-t-label": "interaction_second" });
    this.pairs = h("div", { class: "chips" });
    this.formula = h("textarea", { id: "formula", rows: 2, spellcheck: "false", autocomplete: "off", on: { input: () => this.typed() } });
    this.verdict = h("div", { id: "formula-verdict", class: "said", "aria-live": "polite" });
    this.root = h("section", { class: "card" },
      h("h2", null, h("i", { class: "nr" }, "2"), h("span", { t: "model" })),
      h("div", { class: "pair" }, wrap("outcome", this.outcome), wrap("treatment", this.treatment)),
      this.eventField,
      h("div", { class: "field" }, h("span", { class: "name" }, h("span", { t: "predictors" })), this.predictors),
      h("div", { class: "field" }, h("span", { class: "name" }, h("span", { t: "interactions" })),
        h("div", { class: "join" }, this.first, h("span", { "aria-hidden": "true" }, "×"), this.second,
          h("button", { class: "icon", type: "button", label: "add_interaction", on: { click: () => this.join() } }, icon("plus"))),
        this.pairs),
      h("label", { class: "field" }, h("span", { class: "name" }, h("span", { t: "formula" })), this.formula),
      this.verdict);
  }

  /** Begins with a data set; its example, if it has one. */
  begin(data, example) {
    this.data = data;
    const columns = data.columns.filter((c) => usable(c, data.rows));
    this.columns = columns;
    const found = example ? read(example.formula, example.treatment, data.columns) : null;
    this.pieces = found ?? { ...empty(), treatment: example?.treatment ?? "" };
    if (!example) {
      this.pieces.outcome = columns.at(-1)?.name ?? "";
      for (const c of columns.slice(0, -1).slice(0, 6)) this.pieces.predictors.set(c.name, "line");
    }
    this.dress();
    this.formula.value = example?.formula ?? write(this.pieces, (n) => this.written(n));
    this.check();
  }

  written(name) {
    return this.data.columns.find((c) => c.name === name)?.in_formula ?? name;
  }

  setOutcome(name) {
    this.pieces.outcome = name;
    this.pieces.predictors.delete(name);
    if (this.pieces.treatment === name) this.pieces.treatment = "";
    this.compose();
  }

  /** Pieces changed: the formula is written anew. */
  compose() {
    const { pieces } = this;
    pieces.predictors.delete(pieces.outcome);
    pieces.interactions = pieces.interactions.filter(([a, b]) => [a, b].every((n) => n === pieces.treatment || pieces.predictors.has(n)));
    this.dress();
    this.formula.value = write(pieces, (n) => this.written(n));
    this.check();
  }

  /** Boxes and ticks as the pieces are. */
  dress() {
    const { pieces, columns } = this;
    const names = columns.map((c) => [c.name, null, c.name]);
    fillSelect(this.outcome, names, pieces.outcome);
    fillSelect(this.treatment, [["", "none"], ...names.filter(([n]) => n !== pieces.outcome)], pieces.treatment);
    this.predictors.replaceChildren(...columns.filter((c) => c.name !== pieces.outcome && c.name !== pieces.treatment).map((c) => this.tick(c)));
    const inside = [pieces.treatment, ...pieces.predictors.keys()].filter(Boolean).map((n) => [n, null, n]);
    const [a, b] = [this.first.value, this.second.value];
    const has = (n) => inside.some(([name]) => name === n);
    fillSelect(this.first, inside, has(a) ? a : inside[0]?.[0]);
    fillSelect(this.second, inside, has(b) && b !== this.first.value ? b : inside.find(([n]) => n !== this.first.value)?.[0]);
    this.pairs.replaceChildren(...pieces.interactions.map((pair) => h("span", { class: "chip" }, `${pair[0]} × ${pair[1]}`,
      h("button", { type: "button", label: "remove", on: { click: () => ((pieces.interactions = pieces.interactions.filter((p) => p !== pair)), this.compose()) } }, icon("close")))));
    this.pairs.append(...pieces.extra.map((term) => h("span", { class: "chip" }, term,
      h("button", { type: "button", label: "remove", on: { click: () => ((pieces.extra = pieces.extra.filter((p) => p !== term)), this.compose()) } }, icon("close")))));
    this.dressEvent();
  }

  dressEvent() {
    const column = this.columns.find((c) => c.name === this.pieces.outcome);
    const levels = outcomeLevels(column);
    this.eventField.hidden = !levels;
    if (levels) fillSelect(this.event, [["", "event_auto"], ...levels.map((l) => [l, null, l])], levels.includes(this.event.value) ? this.event.value : "");
    else this.event.replaceChildren();
  }

  tick(column) {
    const { predictors } = this.pieces;
    const on = predictors.has(column.name);
    const box = h("input", { type: "checkbox", checked: on, on: { change: () => (box.checked ? predictors.set(column.name, "line") : predictors.delete(column.name), this.compose()) } });
    const name = h("label", { class: "tick" }, box, h("span", null, column.name));
    if (column.type !== "number" || !on) return h("div", { class: "predictor" }, name);
    const shape = h("select", { label: "shape_of", vars: { name: column.name }, on: { change: () => (predictors.set(column.name, shape.value === "line" ? "line" : Number(shape.value)), this.compose()) } },
      h("option", { value: "line", t: "line" }), [3, 4, 5].map((k) => h("option", { value: k, t: "spline", vars: { k } })));
    shape.value = String(predictors.get(column.name));
    return h("div", { class: "predictor" }, name, shape);
  }

  join() {
    const [a, b] = [this.first.value, this.second.value];
    const same = (p) => (p[0] === a && p[1] === b) || (p[0] === b && p[1] === a);
    if (!a || !b || a === b || this.pieces.interactions.some(same)) return;
    this.pieces.interactions.push([a, b]);
    this.compose();
  }

  typed() {
    const found = read(this.formula.value, this.pieces.treatment, this.data.columns);
    if (found) {
      this.pieces = found;
      this.dress();
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), 250);
  }

  /** What the formula needs besides itself. */
  request() {
    const body = { data: this.data.id, formula: this.formula.value };
    if (!this.eventField.hidden && this.event.value) body.event = this.event.value;
    if (this.pieces.treatment) body.treatment = this.pieces.treatment;
    return body;
  }

  async check() {
    clearTimeout(this.timer);
    try {
      const said = await this.ask(() => post("/api/formula", this.request()));
      if (said === null) return;
      this.said = said;
      this.refused = null;
    } catch (refusal) {
      this.said = null;
      this.refused = refusal;
    }
    this.show();
    this.checked(this.said);
  }

  /** Says again what the program made of it. */
  show() {
    const { said, refused } = this;
    this.verdict.className = refused ? "said wrong" : "said";
    if (refused) return this.verdict.replaceChildren(...this.wrong(refused));
    if (!said) return;
    const { outcome } = said;
    const what = said.family === "logistic" && outcome.events !== null && outcome.events !== undefined
      ? t("is_logistic", { event: outcome.event ?? "1", events: whole(outcome.events), rows: whole(said.rows_used) })
      : t("is_linear", { outcome: outcome.text ?? outcome.variable, rows: whole(said.rows_used) });
    const lost = said.rows_read - said.rows_used;
    const why = [...(said.missing ?? []).map((m) => `${m.variable} ${m.rows}`), ...(said.dropped_otherwise ?? []).map((d) => `${words(d.why)} ${d.rows}`)].join(", ");
    this.verdict.replaceChildren(
      h("p", null, h("b", null, what), " ", t("design_columns", { n: said.columns.length })),
      lost > 0 ? h("p", { class: "note" }, t("rows_lost", { n: whole(lost), why })) : "",
      ...(said.left_out ?? []).map((l) => h("p", { class: "note" }, t("left_out", { column: l.column, why: words(l.why) }))));
  }

  /** The formula with the wrong place marked, and why. */
  wrong(refusal) {
    const letters = [...this.formula.value];
    const at = refusal.position;
    const out = [];
    if (at) {
      const [start, end] = [at.start, Math.max(at.end, at.start + 1)];
      out.push(h("p", { class: "marked" }, letters.slice(0, start).join(""), h("mark", null, letters.slice(start, end).join("") || "␣"), letters.slice(end).join("")));
      out.push(h("p", { class: "where", "data-position": start }, t("at_character", { n: start + 1 })));
    }
    if (!known(refusal.message)) out.push(h("p", null, t("refused_formula")));
    out.push(h("p", null, inWords(refusal.message)));
    if (refusal.hint) out.push(h("p", { class: "note" }, inWords(refusal.hint)));
    return out;
  }
}

const wrap = (key, control) => h("label", { class: "field" }, h("span", { class: "name" }, h("span", { t: key })), control);
