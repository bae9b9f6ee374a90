// An exploration as a figure that can be played: map, landscape or curve, with loss, norm and compass in step.
import { Contour } from "./contour.js";
import { Dial } from "./dial.js";
import { h } from "./dom.js";
import { Lines } from "./lines.js";
import { Player } from "./player.js";
import { Section } from "./section.js";
import { Solid } from "./solid.js";
import { Terrain } from "./terrain.js";
import { t } from "./i18n.js";

/** The canvases of an exploration and what they show; `choose(x, y, done)` where a start can be chosen. */
export class Figure {
  constructor(choose, moved) {
    this.exploration = null;
    this.active = 0;
    this.view = "map";
    this.player = new Player(() => (this.ask(), moved?.()));
    const canvas = (cls, key, focus) => h("canvas", { class: cls, role: "img", tabindex: focus ? "0" : null, "data-t-label": key });
    this.mapCanvas = canvas("map", "map_label", true);
    this.solidCanvas = canvas("map", "solid_label", true);
    this.curveCanvas = canvas("map", "curve_label", true);
    this.lossCanvas = canvas("curve", "loss");
    this.normCanvas = canvas("curve", "gradient_norm");
    this.dialCanvas = canvas("dial", "compass");
    this.solidCanvas.hidden = this.curveCanvas.hidden = true;
    this.map = new Contour(this.mapCanvas, () => this.scene(), choose);
    this.solid = new Solid(this.solidCanvas, () => this.scene());
    this.section = new Section(this.curveCanvas, () => this.scene(), choose);
    const curves = (what) => () => this.curves(what);
    this.loss = new Lines(this.lossCanvas, curves("loss"), () => ({ xName: t("updates"), yName: t(this.least === null ? "loss" : "loss_above"), xMost: this.player.last }));
    this.norm = new Lines(this.normCanvas, curves("norm"), () => ({ xName: t("updates"), yName: t("norm_axis"), tolerance: this.run?.request.tolerance, xMost: this.player.last }));
    this.dial = new Dial(this.dialCanvas, () => this.reading());
  }

  /** Shows another exploration. `at`: which update (null: the last). */
  show(exploration, active, at) {
    this.exploration = exploration;
    this.active = Math.min(active, exploration.runs.length - 1);
    const { grid, window } = exploration;
    const n = grid.x.length;
    this.flat = window.length === 1;
    const key = JSON.stringify([exploration.surface.name, exploration.surface.text, window]);
    if (!this.flat && key !== this.key) {
      this.terrain = new Terrain(grid.x, grid.y, grid.y.map((_, j) => grid.values.slice(j * n, (j + 1) * n)), grid.levels);
    }
    this.key = key;
    this.least = exploration.surface.least ?? null;
    this.player.last = Math.max(...exploration.runs.map((r) => r.points.at(-1)?.iteration ?? 0), 0);
    this.player.to(at === null ? this.player.last : at);
    this.dress();
  }

  dress() {
    this.mapCanvas.hidden = this.flat || this.view !== "map";
    this.solidCanvas.hidden = this.flat || this.view !== "solid";
    this.curveCanvas.hidden = !this.flat;
    this.ask();
  }

  get run() {
    return this.exploration?.runs[this.active] ?? null;
  }

  /** Place in a run's points of the update that is shown. */
  place(run) {
    const { points } = run;
    let [a, b] = [0, points.length - 1];
    while (a < b) {
      const m = (a + b + 1) >> 1;
      if (points[m].iteration <= this.player.at) a = m;
      else b = m - 1;
    }
    return a;
  }

  /** The point of the active run that is shown. */
  get node() {
    return this.run ? this.run.points[this.place(this.run)] : null;
  }

  ask() {
    for (const part of [this.map, this.solid, this.section, this.loss, this.norm, this.dial]) part.ask();
  }

  paths() {
    const runs = this.exploration.runs.map((run, k) => ({
      look: k, active: k === this.active, points: run.points.map((p) => p.at), values: run.points.map((p) => p.value), upTo: this.place(run),
    }));
    return [...runs.filter((r) => !r.active), ...runs.filter((r) => r.active)];
  }

  scene() {
    if (!this.exploration) return { paths: [] };
    const { surface, grid } = this.exploration;
    const { node } = this;
    return {
      terrain: this.flat ? null : this.terrain,
      curve: this.flat ? { xs: grid.x, ys: grid.values } : null,
      xName: surface.axes[0], yName: this.flat ? t("loss") : surface.axes[1],
      paths: this.paths(), ellipse: surface.ellipse, minima: surface.minima,
      gradient: node ? { at: node.at, vector: node.gradient, look: this.active, share: this.reading()?.share ?? 0 } : null,
      cursor: this.run?.points[0]?.at ?? null,
    };
  }

  curves(what) {
    if (!this.exploration) return [];
    const above = (v) => (v === null ? null : this.least === null ? v : Math.max(v - this.least, 0));
    return this.exploration.runs.map((run, look) => ({
      look, x: run.points.map((p) => p.iteration), y: run.points.map((p) => (what === "norm" ? p.gradient_norm : above(p.value))),
      upTo: this.place(run), hollow: this.place(run) === run.points.length - 1 && !run.converged,
    }));
  }

  reading() {
    const { node, run } = this;
    if (!node || node.gradient.includes(null)) return null;
    const lengths = run.points.map((p) => p.gradient_norm).filter((v) => v > 0);
    const [low, high] = [Math.min(...lengths), Math.max(...lengths)];
    const share = high > low ? Math.log(node.gradient_norm / low) / Math.log(high / low) : 1;
    return { vector: node.gradient, share: Math.max(0, Math.min(1, share)), look: this.active };
  }
}
