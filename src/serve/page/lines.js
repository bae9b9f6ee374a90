// Curves over the iterations on a log axis, with the tolerance line: the loss and the gradient's norm.
import { Stage, colour, marker, DASHES } from "./canvas.js";
import { frame, inside, outline } from "./axes.js";
import { t } from "./i18n.js";
import { short } from "./numbers.js";

/** Decades shown at most below the highest value. */
const MOST_DECADES = 14;

/**
 * A figure of curves. `curves()` gives a list of {look, x: [..], y: [..], upTo: index of the last point shown,
 * live: whether a marker stands there}; `options()` gives {xName, yName, tolerance, log}.
 */
export class Lines {
  constructor(canvas, curves, options) {
    this.curves = curves;
    this.options = options;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
  }

  ask() {
    this.stage.ask();
  }

  paint(g, width, height) {
    const options = this.options();
    const curves = this.curves().filter((c) => c.x.length > 0);
    const range = ranges(curves, options);
    if (!range) return blank(g, width, height, t(options.empty ?? "nothing_yet"));
    const log = range.log;
    const at = frame(g, width, height, {
      x: { low: 0, high: range.x, name: options.xName },
      y: { low: range.low, high: range.high, log, name: options.yName },
      right: 14,
    });
    outline(g, at);
    const shown = options.tolerance && log && options.tolerance >= range.low && options.tolerance <= range.high;
    inside(g, at, () => {
      if (shown) tolerance(g, at, options.tolerance);
      for (const c of curves) curve(g, at, c, log);
      if (shown) named(g, at, options.tolerance);
    });
    for (const c of curves) end(g, at, c, log);
  }
}

function ranges(curves, options) {
  let [x, low, high, whole, smallest] = [1, Infinity, 0, false, Infinity];
  for (const c of curves) {
    x = Math.max(x, options.xMost ?? c.x[c.x.length - 1]);
    for (const value of c.y) {
      if (value === null || !Number.isFinite(value)) continue;
      smallest = Math.min(smallest, value);
      if (value > 0) low = Math.min(low, value);
      high = Math.max(high, value);
      if (value < 0) whole = true;
    }
  }
  if (!Number.isFinite(smallest)) return null;
  if (whole || options.log === false || high <= 0) {
    const room = 0.05 * (high - smallest || Math.abs(high) || 1);
    return { x, low: smallest - room, high: high + room, log: false };
  }
  if (options.tolerance) {
    low = Math.min(low, options.tolerance);
    high = Math.max(high, options.tolerance);
  }
  high = Math.min(high, 1e300);
  low = Math.max(low, high / 10 ** MOST_DECADES);
  if (high / low < 12) {
    const middle = Math.sqrt(high * low);
    [low, high] = [Math.min(low, middle / 3.4), Math.max(high, middle * 3.4)];
  }
  return { x, low: low / 1.25, high: high * 1.25, log: true };
}

function tolerance(g, at, value) {
  const y = at.y(value);
  g.strokeStyle = colour("soft");
  g.lineWidth = 1.4;
  g.setLineDash([7, 4]);
  g.beginPath();
  g.moveTo(at.left, y);
  g.lineTo(at.right, y);
  g.stroke();
}

/** The tolerance's name above all curves, with an edge of paper. */
function named(g, at, value) {
  const y = at.y(value);
  const below = y + 17 < at.bottom;
  const words = `${t("tolerance")} ${short(value, 3)}`;
  g.textAlign = "left";
  g.textBaseline = below ? "top" : "bottom";
  g.setLineDash([]);
  g.lineWidth = 4;
  g.strokeStyle = colour("card");
  g.fillStyle = colour("soft");
  g.strokeText(words, at.left + 7, below ? y + 4 : y - 4);
  g.fillText(words, at.left + 7, below ? y + 4 : y - 4);
}

/** At most two points a pixel: the highest and the lowest of those that share it. */
function curve(g, at, c, log) {
  g.strokeStyle = colour(`look-${c.look % 6}`);
  g.lineWidth = c.faint ? 1.3 : 2.1;
  g.globalAlpha = c.faint ? 0.55 : 1;
  g.setLineDash(DASHES[c.look % 6]);
  g.beginPath();
  const last = Math.min(c.upTo ?? c.x.length - 1, c.x.length - 1);
  let [column, low, high, begun] = [null, 0, 0, false];
  const to = (x, y) => (begun ? g.lineTo(x, y) : g.moveTo(x, y), (begun = true));
  for (let i = 0; i <= last; i++) {
    const value = c.y[i];
    if (value === null || !Number.isFinite(value)) continue;
    const x = at.x(c.x[i]);
    const y = Math.max(-1e4, Math.min(1e4, at.y(log ? Math.max(value, at.y.low) : value)));
    const pixel = Math.floor(x * 2);
    if (pixel === column) {
      low = Math.min(low, y);
      high = Math.max(high, y);
    } else {
      if (column !== null && low !== high) (to(column / 2, low), to(column / 2, high));
      to(x, y);
      [column, low, high] = [pixel, y, y];
    }
  }
  if (column !== null && low !== high) (to(column / 2, low), to(column / 2, high));
  g.stroke();
  g.globalAlpha = 1;
}

function end(g, at, c, log) {
  const last = Math.min(c.upTo ?? c.x.length - 1, c.x.length - 1);
  const value = c.y[last];
  if (c.faint || value === null || !Number.isFinite(value)) return;
  const y = log && value <= 0 ? at.bottom : Math.max(at.top, Math.min(at.bottom, at.y(value)));
  const ink = colour(`look-${c.look % 6}`);
  marker(g, c.look, at.x(c.x[last]), y, 4, c.hollow ? colour("card") : ink, c.hollow ? ink : colour("card"));
}

function blank(g, width, height, words) {
  g.fillStyle = colour("soft");
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillText(words, width / 2, height / 2);
}
