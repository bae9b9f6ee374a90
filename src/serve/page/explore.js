// The first tab: descents on a surface that can be seen.
import { latest, post } from "./api.js";
import { announce, h, icon, say } from "./dom.js";
import { lang, onLanguage, t } from "./i18n.js";
import { MOST_RUNS, dim, first, fromAddress, request, toAddress } from "./explore_state.js";
import { Figure } from "./figure.js";
import { RunControls } from "./run_controls.js";
import { SurfaceCard } from "./surface_card.js";
import { Transport } from "./transport.js";
import { plain, short, whole } from "./numbers.js";
import { tell, told, words } from "./said.js";

/** Which verdicts are good news. */
const GOOD = ["converged"];
const BAD = ["diverging", "plateau", "saddle", "summit", "separated"];

/** The tab; `moved()` is called when the address has changed. */
export class Explore {
  constructor(panel, moved) {
    this.moved = moved;
    this.state = first();
    this.ask = latest();
    this.figure = new Figure((x, y, done) => this.choose(x, y, done), () => this.step());
    this.card = new SurfaceCard((part, fresh) => this.set(part, fresh ? "play" : "end"));
    this.knobs = new RunControls((run) => this.set({ runs: this.state.runs.map((r, k) => (k === this.state.active ? run : r)) }, "end"));
    this.transport = new Transport(this.figure.player, "explore", (speed) => ((this.state.speed = speed), this.moved()));
    this.build(panel);
    onLanguage(() => {
      this.card.resay();
      this.list();
      this.step();
    });
  }

  build(panel) {
    const { figure } = this;
    this.text = h("p", { class: "formula-shown" });
    this.views = Object.fromEntries(["map", "solid"].map((view) => [view, h("button", { type: "button", id: `view-${view}`, t: `view_${view}`, on: { click: () => this.look(view) } })]));
    this.viewBox = h("div", { class: "seg small", role: "group", "data-t-label": "view" }, Object.values(this.views));
    this.problem = h("p", { class: "problem", hidden: true });
    this.verdict = h("div", { class: "verdict", id: "verdict" });
    this.chips = h("div", { class: "chips", role: "group", "data-t-label": "paths" });
    this.add = h("button", { class: "button", type: "button", id: "add-path", on: { click: () => this.more() } }, icon("plus"), h("span", { t: "add_path" }));
    this.facts = Object.fromEntries(["norm", "loss", "place", "rate"].map((k) => [k, h("b", { id: `fact-${k}` })]));
    const fact = (k) => h("div", null, h("span", { t: `fact_${k}` }), this.facts[k]);
    const graph = (key, canvas) => h("figure", { class: "card figure" }, h("figcaption", { t: key }), canvas);
    panel.append(h("h1", { class: "silent", t: "explore" }), h("div", { class: "explore" },
      this.card.root,
      h("section", { class: "card scene" },
        h("div", { class: "bar head" }, this.text, this.viewBox),
        figure.mapCanvas, figure.solidCanvas, figure.curveCanvas,
        this.hint = h("p", { class: "note hint", t: "click_to_start" }),
        this.transport.root, this.problem, this.verdict),
      h("section", { class: "card knobs-card" }, h("div", { class: "bar paths" }, this.chips, this.add), this.knobs.root),
      h("div", { class: "side" },
        h("section", { class: "card reading" }, figure.dialCanvas, h("div", { class: "facts" }, ["norm", "loss", "place", "rate"].map(fact))),
        graph("loss", figure.lossCanvas), graph("gradient_norm", figure.normCanvas))));
  }

  /** Called when the tab is opened, with what stands in the address. */
  async open(text) {
    if (!this.opened) {
      this.opened = true;
      await this.card.open().catch((refusal) => this.refuse(refusal));
      this.state = text ? fromAddress(text) : first();
      return this.load(this.state.update === null ? "end" : "keep");
    }
    await this.card.refresh().catch((refusal) => this.refuse(refusal));
    if (text && text !== toAddress(this.state)) {
      this.state = fromAddress(text);
      return this.load("keep");
    }
  }

  address() {
    return toAddress(this.state);
  }

  /** Changes part of the state; then the path is played from its start, or shown to its end. */
  set(part, then) {
    this.state = { ...this.state, ...part, update: null };
    if (dim(this.state) === 1) this.state.view = "map";
    this.load(then);
  }

  /** A start was chosen in the picture. */
  choose(x, y, done) {
    const start = y === null ? [Number(plain(x, 4))] : [Number(plain(x, 4)), Number(plain(y, 4))];
    const runs = this.state.runs.map((r, k) => (k === this.state.active ? { ...r, start } : r));
    this.set({ runs }, done ? "play" : "end");
  }

  look(view) {
    this.state.view = view;
    this.step();
    this.figure.dress();
    this.moved();
  }

  /** Another path beside: the same with the next rate up. */
  more() {
    const { runs, active } = this.state;
    if (runs.length >= MOST_RUNS) return;
    const model = { ...runs[active] };
    const shown = this.exploration?.runs[active]?.request;
    const rate = typeof model.rate === "number" ? model.rate : shown?.rate;
    if (typeof rate === "number") model.rate = Number(plain(rate * 1.5, 3));
    this.set({ runs: [...runs, model], active: runs.length }, "end");
  }

  drop(k) {
    const runs = this.state.runs.filter((_, n) => n !== k);
    this.set({ runs, active: Math.min(this.state.active, runs.length - 1) }, "end");
  }

  /** Asks the engine for what the state says. `then`: play | end | keep (the update of the state). */
  async load(then) {
    const { state } = this;
    this.figure.player.playing = false;
    this.card.show(state, null);
    this.knobs.show(state.runs[state.active], null, Boolean(state.fit), dim(state));
    this.moved();
    document.getElementById("panel-explore").dataset.busy = "true";
    let answer;
    try {
      answer = await this.ask(() => post("/api/explore", request(state)));
    } catch (refusal) {
      this.refuse(refusal);
      return;
    }
    if (answer === null) return;
    tell(this.problem, null);
    this.exploration = answer;
    this.figure.view = state.view;
    this.figure.player.speed = state.speed;
    this.figure.show(answer, state.active, then === "keep" ? state.update : then === "play" ? 0 : null);
    this.card.show(state, answer);
    this.knobs.show(state.runs[state.active], answer.runs[state.active], Boolean(state.fit), dim(state));
    this.list();
    this.said = null;
    document.getElementById("panel-explore").dataset.busy = "false";
    if (then === "play") this.figure.player.play();
    else this.step();
  }

  refuse(refusal) {
    document.getElementById("panel-explore").dataset.busy = "false";
    tell(this.problem, refusal);
    announce(told(refusal));
  }

  list() {
    const { state, exploration } = this;
    if (!exploration) return;
    this.chips.replaceChildren(...exploration.runs.map((run, k) => h("span", { class: k === state.active ? "chip on" : "chip" },
      h("button", { type: "button", class: "name", "aria-pressed": String(k === state.active), on: { click: () => this.activate(k) } },
        h("i", { class: `dot look-${k}` }), exploration.runs.length > 1 ? h("b", null, `${k + 1} `) : "", `${t(`short_${run.request.method}`)} ${typeof run.request.rate === "number" ? short(run.request.rate, 3) : t(`rate_${run.request.rate}`)}`,
        h("small", null, run.converged ? t("in_updates", { n: whole(run.iterations) }) : t(`outcome_${run.verdict.outcome}`))),
      exploration.runs.length > 1 ? h("button", { type: "button", label: "remove", on: { click: () => this.drop(k) } }, icon("close")) : "")));
    this.add.disabled = exploration.runs.length >= MOST_RUNS;
  }

  activate(k) {
    this.state.active = k;
    this.figure.active = k;
    this.knobs.show(this.state.runs[k], this.exploration.runs[k], Boolean(this.state.fit), dim(this.state));
    this.list();
    this.step();
    this.figure.ask();
    this.moved();
  }

  /** The player has moved: read-outs, verdict, address. */
  step() {
    const { figure, state } = this;
    const { player, node, run } = figure;
    this.transport.show();
    if (!node) return;
    const one = dim(state) === 1;
    this.viewBox.hidden = one;
    for (const [view, button] of Object.entries(this.views)) button.setAttribute("aria-pressed", String(view === state.view));
    figure.view = state.view;
    say(this.hint, one ? "click_to_start_1" : state.view === "solid" ? "drag_to_turn" : this.exploration.surface.ellipse ? "click_to_start_fit" : "click_to_start");
    const { surface } = this.exploration;
    this.text.textContent = surface.scale === "formula" ? `f = ${surface.text}` : words(surface.text);
    this.facts.norm.textContent = short(node.gradient_norm);
    this.facts.norm.dataset.value = node.gradient_norm ?? "";
    this.facts.loss.textContent = short(node.value, 5);
    this.facts.place.textContent = `(${node.at.map((v, k) => this.place(v, k)).join("; ")})`;
    this.facts.place.dataset.value = node.at.join(",");
    this.facts.rate.textContent = short(node.rate, 3);
    const over = player.at >= (run.points.at(-1)?.iteration ?? 0);
    this.judge(run, over, node);
    state.update = player.at >= player.last ? null : player.at;
    if (!player.playing) this.moved();
  }

  /** A coordinate with the digits that the picture can show. */
  place(value, axis) {
    const [low, high] = this.exploration.window[axis];
    const places = Math.max(0, Math.min(8, 4 - Math.ceil(Math.log10(high - low))));
    if (value === null || Math.abs(value) >= 1e6) return short(value, 3);
    return (Math.abs(value) < 0.5 * 10 ** -places ? 0 : value).toFixed(places).replace("-", "−");
  }

  judge(run, over, node) {
    const key = over ? `${run.verdict.outcome}|${lang()}|${run.verdict.en}` : `under-way|${lang()}`;
    this.verdict.dataset.update = node.iteration;
    if (this.said === key) return;
    this.said = key;
    const { outcome } = run.verdict;
    this.verdict.className = `verdict ${!over ? "" : GOOD.includes(outcome) ? "good" : BAD.includes(outcome) ? "bad" : ""}`;
    this.verdict.dataset.outcome = over ? outcome : "";
    const verdict = over ? run.verdict[lang()] : t("under_way_words");
    const [head, rest] = over ? verdict.split(/(?=: )(.*)/s) : [t("under_way"), `. ${verdict}`];
    this.verdict.replaceChildren(h("p", null, h("strong", null, head), rest));
    if (over && run.left && !run.left.came_back) this.verdict.append(h("p", { class: "note" }, t("left_picture", { n: run.left.iteration, at: run.left.last.map((v) => short(v, 3)).join("; ") })));
    if (over) announce(verdict);
  }
}
