// The coefficients on their way to their places, measured in their own standard errors.
import { Stage, colour, marker, FONT } from "./canvas.js";
import { cut } from "./axes.js";
import { t } from "./i18n.js";
import { short } from "./numbers.js";

const ROW = 26;
const TALL_ROW = 42; // on a phone the name stands above its line
const HEAD = 24;
const NARROW = 520;

/** Distances on a scale that is straight within one standard error and logarithmic beyond. */
const bend = (d) => Math.asinh(d * 1.2);

/** The figure; `runs()` gives [{look, columns, b, d, estimate, std_error}], the active one last. */
export class Yardstick {
  constructor(canvas, runs) {
    this.runs = runs;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
  }

  /** Sets the height to the number of coefficients and asks for a drawing. */
  ask() {
    const rows = this.runs().at(-1)?.columns.length ?? 0;
    const row = this.stage.canvas.clientWidth < NARROW ? TALL_ROW : ROW;
    const height = `${Math.max(110, HEAD + row * rows + 44)}px`;
    if (this.stage.canvas.style.height !== height) this.stage.canvas.style.height = height;
    this.stage.ask();
  }

  paint(g, width, height) {
    const runs = this.runs();
    const top = runs.at(-1);
    if (!top) return;
    const narrow = width < NARROW;
    const row = narrow ? TALL_ROW : ROW;
    g.font = `13px ${FONT}`;
    const widest = Math.max(...top.columns.map((c) => g.measureText(c).width));
    const left = narrow ? 8 : Math.min(widest, width * 0.26) + 12;
    const right = width - (narrow ? 8 : 196);
    const far = Math.max(12, ...runs.flatMap((r) => (r.d ?? []).map((d) => (d === null ? 0 : Math.min(Math.abs(d), 1e6)))), this.far ?? 0);
    this.far = runs.length === 1 && runs[0].fresh ? far : Math.max(this.far ?? 0, far);
    const most = bend(this.far * 1.15);
    const x = (d) => (left + right) / 2 + (Math.max(-most, Math.min(most, bend(d))) / most) * ((right - left) / 2);
    const bottom = HEAD + row * top.columns.length;
    band(g, x, bottom);
    axis(g, x, this.far, left, right, bottom, height);
    top.columns.forEach((name, k) => {
      const y = HEAD + row * (k + (narrow ? 0.74 : 0.5));
      const said = narrow ? y - 19 : y;
      g.font = `13px ${FONT}`;
      g.textBaseline = "middle";
      g.textAlign = "left";
      g.fillStyle = colour("ink");
      g.fillText(cut(g, name, narrow ? width - 74 : left - 12), 0, said);
      g.strokeStyle = colour("grid");
      g.setLineDash([]);
      g.beginPath();
      g.moveTo(left, y);
      g.lineTo(right, y);
      g.stroke();
      for (const run of runs) place(g, run, k, x, y, run === top);
      numbers(g, top, k, right, width, said, narrow);
    });
    g.font = `12px ${FONT}`;
    g.fillStyle = colour("soft");
    g.textBaseline = "top";
    g.textAlign = "right";
    g.fillText(t(narrow ? "now" : "now_and_goal"), width, 2);
  }
}

function band(g, x, bottom) {
  for (const [d, share] of [[1.96, 0.5], [1, 1]]) {
    g.fillStyle = colour("accent-wash");
    g.globalAlpha = share;
    g.fillRect(x(-d), HEAD - 4, x(d) - x(-d), bottom - HEAD + 8);
  }
  g.globalAlpha = 1;
  g.strokeStyle = colour("accent");
  g.lineWidth = 1.2;
  g.setLineDash([]);
  g.beginPath();
  g.moveTo(x(0), HEAD - 4);
  g.lineTo(x(0), bottom + 4);
  g.stroke();
  g.lineWidth = 1;
}

function axis(g, x, far, left, right, bottom, height) {
  g.font = `12px ${FONT}`;
  g.fillStyle = colour("soft");
  g.textAlign = "center";
  g.textBaseline = "top";
  let end = -Infinity;
  const places = [1, 10, 100, 1000, 1e4, 1e5, 1e6].filter((d) => d <= far * 1.15);
  for (const d of [...places.map((p) => -p).reverse(), 0, ...places]) {
    const text = short(d, 3);
    const half = g.measureText(text).width / 2;
    const at = Math.max(left + half - 6, Math.min(right - half + 6, x(d)));
    if (at - half < end + 6) continue;
    end = at + half;
    g.fillText(text, at, bottom + 8);
  }
  g.fillStyle = colour("ink");
  g.textBaseline = "bottom";
  g.fillText(cut(g, t("distance_axis"), right - left + 60), (left + right) / 2, height - 1);
}

function place(g, run, k, x, y, active) {
  const d = run.d?.[k];
  if (d === null || d === undefined || !Number.isFinite(d)) return;
  const ink = colour(`look-${run.look % 6}`);
  g.globalAlpha = active ? 1 : 0.55;
  g.strokeStyle = ink;
  g.lineWidth = 2;
  g.setLineDash([]);
  g.beginPath();
  g.moveTo(x(0), y);
  g.lineTo(x(d), y);
  g.stroke();
  marker(g, run.look, x(d), y, active ? 5 : 4, ink, colour("card"));
  g.globalAlpha = 1;
}

function numbers(g, run, k, right, width, y, narrow) {
  g.textAlign = "right";
  g.fillStyle = colour("ink");
  g.font = `600 12.5px ${FONT}`;
  const now = short(run.b?.[k] ?? null, 4);
  if (narrow) return g.fillText(now, width, y);
  g.fillText(now, right + 74, y);
  g.font = `12px ${FONT}`;
  g.fillStyle = colour("soft");
  const se = run.std_error?.[k];
  g.fillText(`${short(run.estimate?.[k] ?? null, 3)} ± ${short(se ?? null, 2)}`, width, y);
}
