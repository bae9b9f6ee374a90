// A canvas that is sharp on every screen, knows the colours of the day and redraws itself.

const probe = document.createElement("i");
probe.hidden = true;
document.documentElement.append(probe);
let cache = new Map();

/** The colour of a style-sheet variable as it is now, by day or by night. */
export function colour(name) {
  if (!cache.has(name)) {
    probe.style.color = `var(--${name})`;
    cache.set(name, getComputedStyle(probe).color);
  }
  return cache.get(name);
}

/** Red, green and blue of a style-sheet variable, 0 to 255. */
export const rgb = (name) => colour(name).match(/[\d.]+/g).slice(0, 3).map(Number);

/** Whether the reader asked for less motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';

/** Dash patterns and markers, as in the PNG figures, so that paths also differ without colour. */
export const DASHES = [[], [9, 4], [2.5, 3], [9, 3, 2.5, 3], [5, 3], [14, 4]];

const all = new Set();

/** Redraws every figure: the colours changed. */
export function repaint() {
  cache = new Map();
  for (const stage of all) stage.ask();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

/**
 * A drawing place: `paint(g, width, height)` is called in CSS pixels, once a frame at most, when asked,
 * and when the size changes.
 */
export class Stage {
  constructor(canvas, paint) {
    this.canvas = canvas;
    this.paint = paint;
    this.waiting = false;
    this.width = 0;
    this.height = 0;
    new ResizeObserver(() => this.ask()).observe(canvas);
    all.add(this);
  }

  /** Asks for a drawing in the next frame. */
  ask() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.now();
    });
  }

  now() {
    const [w, h] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (w < 20 || h < 20) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2.5);
    const [bw, bh] = [Math.round(w * ratio), Math.round(h * ratio)];
    if (this.canvas.width !== bw || this.canvas.height !== bh) {
      this.canvas.width = bw;
      this.canvas.height = bh;
    }
    this.width = w;
    this.height = h;
    const g = this.canvas.getContext("2d");
    g.setTransform(bw / w, 0, 0, bh / h, 0, 0);
    g.clearRect(0, 0, w, h);
    g.font = `12px ${FONT}`;
    g.lineJoin = "round";
    g.lineCap = "butt";
    this.paint(g, w, h);
  }
}

/** The marker of a look at a place: circle, square, triangle, diamond, triangle down, pentagon. */
export function marker(g, look, x, y, size, fill, edge) {
  g.beginPath();
  const corners = [0, 4, 3, 4, 3, 5][look % 6];
  const turn = [0, Math.PI / 4, -Math.PI / 2, 0, Math.PI / 2, -Math.PI / 2][look % 6];
  if (corners === 0) g.arc(x, y, size, 0, 7);
  else {
    const r = size * (corners === 3 ? 1.35 : 1.2);
    for (let i = 0; i < corners; i++) {
      const a = turn + (2 * Math.PI * i) / corners;
      g.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
    }
    g.closePath();
  }
  g.setLineDash([]);
  g.fillStyle = fill;
  g.fill();
  g.lineWidth = 1.6;
  g.strokeStyle = edge;
  g.stroke();
}

/** An arrow from one place to another. */
export function arrow(g, x0, y0, x1, y1, head) {
  const a = Math.atan2(y1 - y0, x1 - x0);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const size = Math.min(head, length * 0.7);
  g.setLineDash([]);
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1 - 0.8 * size * Math.cos(a), y1 - 0.8 * size * Math.sin(a));
  g.stroke();
  g.beginPath();
  g.moveTo(x1, y1);
  g.lineTo(x1 - size * Math.cos(a - 0.42), y1 - size * Math.sin(a - 0.42));
  g.lineTo(x1 - size * Math.cos(a + 0.42), y1 - size * Math.sin(a + 0.42));
  g.closePath();
  g.fill();
}
