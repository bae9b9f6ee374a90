// The frame of a figure: margins, scales, ticks, grid, names of the axes.
import { colour, FONT } from "./canvas.js";
import { linearTicks, logTicks } from "./numbers.js";

/** A map from data to pixels along one side; `log` scales take positive numbers. */
export function scale(low, high, from, to, log) {
  const f = log ? Math.log10 : (x) => x;
  const [a, b] = [f(low), f(high)];
  const k = (to - from) / (b - a || 1);
  const map = (x) => from + (f(x) - a) * k;
  map.back = (p) => (log ? 10 ** (a + (p - from) / k) : a + (p - from) / k);
  map.ticks = (want) => (log ? logTicks(low, high, want) : linearTicks(low, high, want));
  map.low = low;
  map.high = high;
  return map;
}

/**
 * Draws frame, grid, ticks and names; returns the scales. `box` has x and y {low, high, log, name}, grid: false
 * leaves the inside free. The left margin fits the widest number.
 */
export function frame(g, width, height, box) {
  g.font = `12px ${FONT}`;
  const top = box.top ?? 10;
  const bottom = height - (box.x.name ? 40 : 24);
  const trial = scale(box.y.low, box.y.high, bottom, top, box.y.log);
  const yTicks = trial.ticks(Math.max(2, Math.floor((bottom - top) / (box.y.log ? 26 : 42))));
  const widest = Math.max(...yTicks.map((tick) => g.measureText(tick.text).width), 8);
  const left = Math.ceil(widest) + 12 + (box.y.name ? 18 : 0);
  const right = width - (box.right ?? 12);
  const x = scale(box.x.low, box.x.high, left, right, box.x.log);
  const y = trial;
  const xTicks = x.ticks(Math.max(2, Math.floor((right - left) / (box.x.log ? 60 : 78))));
  g.setLineDash([]);
  g.lineWidth = 1;
  if (box.grid !== false) {
    g.strokeStyle = colour("grid");
    g.beginPath();
    for (const tick of xTicks) line(g, x(tick.at), top, x(tick.at), bottom);
    for (const tick of yTicks) line(g, left, y(tick.at), right, y(tick.at));
    g.stroke();
  }
  const numbers = () => {
    g.fillStyle = colour("soft");
    g.textBaseline = "middle";
    g.textAlign = "right";
    let above = Infinity;
    for (const tick of yTicks) {
      if (Math.abs(above - y(tick.at)) < 13) continue;
      above = y(tick.at);
      g.fillText(tick.text, left - 7, y(tick.at));
    }
    g.textAlign = "center";
    g.textBaseline = "top";
    let end = -Infinity;
    for (const tick of xTicks) {
      const half = g.measureText(tick.text).width / 2;
      const at = Math.min(Math.max(x(tick.at), half + 1), width - half - 1);
      if (at - half < end + 8) continue;
      end = at + half;
      g.fillText(tick.text, at, bottom + 7);
    }
    g.fillStyle = colour("ink");
    if (box.x.name) {
      g.textBaseline = "bottom";
      g.fillText(cut(g, box.x.name, right - left), (left + right) / 2, height - 2);
    }
    if (box.y.name) {
      g.save();
      g.translate(2, (top + bottom) / 2);
      g.rotate(-Math.PI / 2);
      g.textBaseline = "top";
      // Half a name is none; the heading above says what is drawn.
      if (g.measureText(box.y.name).width <= bottom - top) g.fillText(box.y.name, 0, 0);
      g.restore();
    }
  };
  numbers();
  return { x, y, left, right, top, bottom };
}

function line(g, x0, y0, x1, y1) {
  g.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  g.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
}

/** Shortens a text to a width, with an ellipsis. */
export function cut(g, text, room) {
  if (g.measureText(text).width <= room) return text;
  let n = text.length;
  while (n > 1 && g.measureText(text.slice(0, n) + "…").width > room) n--;
  return text.slice(0, n) + "…";
}

/** The outline of the inside. */
export function outline(g, at) {
  g.setLineDash([]);
  g.lineWidth = 1;
  g.strokeStyle = colour("line");
  g.strokeRect(at.left + 0.5, at.top + 0.5, at.right - at.left - 1, at.bottom - at.top - 1);
}

/** Runs a drawing that may not leave the inside. */
export function inside(g, at, draw) {
  g.save();
  g.beginPath();
  g.rect(at.left, at.top, at.right - at.left, at.bottom - at.top);
  g.clip();
  draw();
  g.restore();
}
