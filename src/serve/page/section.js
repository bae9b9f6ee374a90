// A loss of one number: its curve, and the descent as steps along it.
import { Stage, colour, marker } from "./canvas.js";
import { frame, inside, outline } from "./axes.js";

/** The curve; `scene()` gives {curve: {xs, ys}, paths, xName, yName, cursor}. Click or arrow keys choose the start. */
export class Section {
  constructor(canvas, scene, choose) {
    this.scene = scene;
    this.choose = choose;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
    canvas.addEventListener("pointerdown", (e) => ((this.dragging = true), canvas.setPointerCapture(e.pointerId), this.point(e, false)));
    canvas.addEventListener("pointermove", (e) => this.dragging && this.point(e, false));
    canvas.addEventListener("pointerup", (e) => this.dragging && ((this.dragging = false), this.point(e, true)));
    canvas.addEventListener("pointercancel", () => (this.dragging = false));
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  ask() {
    this.stage.ask();
  }

  point(e, done) {
    if (!this.at) return;
    const { x } = this.at;
    const p = x.back(e.clientX - this.stage.canvas.getBoundingClientRect().left);
    this.choose(Math.max(x.low, Math.min(x.high, p)), null, done);
  }

  key(e) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    const { cursor } = this.scene();
    if (!way || !cursor || !this.at) return;
    e.preventDefault();
    const { x } = this.at;
    const to = cursor[0] + way * (e.shiftKey ? 0.1 : 0.02) * (x.high - x.low);
    this.choose(Math.max(x.low, Math.min(x.high, to)), null, true);
  }

  paint(g, width, height) {
    const scene = this.scene();
    const { curve } = scene;
    if (!curve) return;
    const finite = curve.ys.filter((v) => v !== null);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const room = 0.06 * (high - low || 1);
    const at = frame(g, width, height, {
      x: { low: curve.xs[0], high: curve.xs[curve.xs.length - 1], name: scene.xName },
      y: { low: low - room, high: high + room, name: scene.yName },
    });
    this.at = at;
    outline(g, at);
    inside(g, at, () => {
      g.strokeStyle = colour("soft");
      g.lineWidth = 2;
      g.beginPath();
      curve.xs.forEach((x, i) => curve.ys[i] !== null && g.lineTo(at.x(x), at.y(curve.ys[i])));
      g.stroke();
      for (const path of scene.paths) steps(g, at, path);
    });
    for (const path of scene.paths) ends(g, at, path);
  }
}

function steps(g, at, path) {
  const last = Math.min(path.upTo, path.points.length - 1);
  const near = (p) => Math.max(-2e4, Math.min(2e4, p));
  g.strokeStyle = colour(`look-${path.look % 6}`);
  g.lineWidth = 1.8;
  g.beginPath();
  for (let i = 0; i <= last; i++) {
    const x = path.points[i][0];
    if (x === null || path.values[i] === null) break;
    g.lineTo(near(at.x(x)), near(at.y(path.values[i])));
  }
  g.stroke();
  g.fillStyle = colour(`look-${path.look % 6}`);
  for (let i = 0; i <= Math.min(last, 400); i++) {
    if (path.points[i][0] === null || path.values[i] === null) break;
    g.beginPath();
    g.arc(near(at.x(path.points[i][0])), near(at.y(path.values[i])), 3, 0, 7);
    g.fill();
  }
}

function ends(g, at, path) {
  const [card, ink] = [colour("card"), colour(`look-${path.look % 6}`)];
  const place = (i) => [at.x(path.points[i][0]), at.y(path.values[i])];
  const shown = ([x, y]) => x >= at.left - 1 && x <= at.right + 1 && y >= at.top - 1 && y <= at.bottom + 1;
  const last = Math.min(path.upTo, path.points.length - 1);
  const start = place(0);
  if (shown(start)) marker(g, path.look, ...start, 6, card, ink);
  if (last > 0 && path.points[last][0] !== null && path.values[last] !== null) {
    const stop = place(last);
    if (shown(stop)) marker(g, path.look, ...stop, 6, ink, card);
  }
}
