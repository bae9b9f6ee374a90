// The map of the loss with its paths: click or arrow keys choose the start.
import { Stage, arrow, colour, marker, DASHES, FONT } from "./canvas.js";
import { frame, inside, outline } from "./axes.js";
import { lanes } from "./lanes.js";

/**
 * The map. `scene()` gives {terrain, xName, yName, paths: [{look, points: [[x, y]], upTo, start, stop kind}],
 * gradient: {at: [x, y], vector: [gx, gy]}|null, ellipse: [[x, y]]|null, minima: [[x, y]], cursor: [x, y]|null}.
 * `choose(x, y, done)` is called while a start is dragged and at the end.
 */
export class Contour {
  constructor(canvas, scene, choose) {
    this.scene = scene;
    this.choose = choose;
    this.at = null;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
    canvas.addEventListener("pointerdown", (e) => this.press(e));
    canvas.addEventListener("pointermove", (e) => this.dragging && this.point(e, false));
    canvas.addEventListener("pointerup", (e) => this.release(e));
    canvas.addEventListener("pointercancel", () => (this.dragging = false));
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  ask() {
    this.stage.ask();
  }

  press(e) {
    if (e.button !== 0) return;
    this.dragging = true;
    this.stage.canvas.setPointerCapture(e.pointerId);
    this.point(e, false);
  }

  release(e) {
    if (!this.dragging) return;
    this.dragging = false;
    this.point(e, true);
  }

  point(e, done) {
    if (!this.at) return;
    const box = this.stage.canvas.getBoundingClientRect();
    const { x, y } = this.at;
    const limit = (s, p) => Math.max(s.low, Math.min(s.high, s.back(p)));
    this.choose(limit(x, e.clientX - box.left), limit(y, e.clientY - box.top), done);
  }

  key(e) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    const { cursor } = this.scene();
    if (!way || !this.at || !cursor) return;
    e.preventDefault();
    const { x, y } = this.at;
    const size = e.shiftKey ? 0.1 : 0.02;
    const limit = (s, value) => Math.max(s.low, Math.min(s.high, value));
    this.choose(limit(x, cursor[0] + way[0] * size * (x.high - x.low)), limit(y, cursor[1] + way[1] * size * (y.high - y.low)), true);
  }

  paint(g, width, height) {
    const scene = this.scene();
    if (!scene.terrain) return;
    const { xs, ys } = scene.terrain;
    const at = frame(g, width, height, {
      x: { low: xs[0], high: xs[xs.length - 1], name: scene.xName },
      y: { low: ys[0], high: ys[ys.length - 1], name: scene.yName },
      grid: false,
    });
    this.at = at;
    const [w, h] = [at.right - at.left, at.bottom - at.top];
    g.drawImage(scene.terrain.image(Math.round(w), Math.round(h)), at.left, at.top, w, h);
    inside(g, at, () => {
      levels(g, at, scene.terrain);
      if (scene.ellipse) ellipse(g, at, scene.ellipse);
      for (const m of scene.minima ?? []) cross(g, at.x(m[0]), at.y(m[1]));
      trails(g, at, scene.paths);
      if (scene.gradient) compass(g, at, scene.gradient);
      ends(g, at, scene.paths);
    });
    outline(g, at);
  }
}

function levels(g, at, terrain) {
  g.setLineDash([]);
  g.strokeStyle = colour("peak");
  g.lineWidth = 0.8;
  g.globalAlpha = 0.75;
  g.beginPath();
  for (const pieces of terrain.contours()) {
    for (const [x0, y0, x1, y1] of pieces) {
      g.moveTo(at.x(x0), at.y(y0));
      g.lineTo(at.x(x1), at.y(y1));
    }
  }
  g.stroke();
  g.globalAlpha = 1;
}

function ellipse(g, at, points) {
  g.beginPath();
  for (const [x, y] of points) g.lineTo(at.x(x), at.y(y));
  g.closePath();
  g.fillStyle = colour("accent-wash");
  g.globalAlpha = 0.55;
  g.fill();
  g.globalAlpha = 1;
  g.setLineDash([6, 4]);
  g.lineWidth = 1.7;
  g.strokeStyle = colour("accent");
  g.stroke();
}

function cross(g, x, y) {
  g.setLineDash([]);
  for (const [width, ink] of [[4.5, "card"], [1.8, "ink"]]) {
    g.lineWidth = width;
    g.strokeStyle = colour(ink);
    g.beginPath();
    g.moveTo(x - 6, y);
    g.lineTo(x + 6, y);
    g.moveTo(x, y - 6);
    g.lineTo(x, y + 6);
    g.stroke();
  }
}

/** Far points are brought near, so that a path that leaves the map is drawn as leaving it. */
const near = (p) => Math.max(-2e4, Math.min(2e4, p));

/** All paths: first their edges of paper, so that none covers another, then the lines, side by side where they meet. */
function trails(g, at, paths) {
  const byLook = [...paths].sort((a, b) => a.look - b.look);
  const places = byLook.map((path) => reached(at, path));
  const drawn = new Map(lanes(places, (p) => !out(at, p)).map((way, k) => [byLook[k], { ...way, crowded: places[k].length > 150 }]));
  for (const path of paths) {
    const { line, crowded } = drawn.get(path);
    if (crowded) continue; // a path's edge would hide its own turns
    g.setLineDash([]);
    g.globalAlpha = 0.75;
    g.lineWidth = 5;
    g.strokeStyle = colour("card");
    stroke(g, at, line);
  }
  g.globalAlpha = 1;
  for (const path of paths) {
    const { line, nodes, crowded } = drawn.get(path);
    g.setLineDash(DASHES[path.look % 6]);
    g.lineWidth = crowded ? 1.5 : 2.2;
    g.strokeStyle = g.fillStyle = colour(`look-${path.look % 6}`);
    stroke(g, at, line);
    g.setLineDash([]);
    let before = null;
    for (const [x, y] of nodes.slice(0, 400)) {
      if (before && Math.hypot(x - before[0], y - before[1]) < 5) continue;
      g.beginPath();
      g.arc(x, y, crowded ? 1.6 : 2.1, 0, 7);
      g.fill();
      before = [x, y];
    }
    if (path.upTo > 0 && line.length > 1) leaving(g, at, line, g.strokeStyle);
  }
}

/** The places that a path has reached, those apart that lie on the one before. */
function reached(at, path) {
  const last = Math.min(path.upTo, path.points.length - 1);
  const places = [];
  for (let i = 0; i <= last; i++) {
    const [x, y] = path.points[i];
    if (x === null || y === null || !Number.isFinite(x) || !Number.isFinite(y)) break;
    const p = [near(at.x(x)), near(at.y(y))];
    const before = places[places.length - 1];
    if (before && i < last && Math.hypot(p[0] - before[0], p[1] - before[1]) < 0.35) continue;
    places.push(p);
  }
  return places;
}

function stroke(g, at, line) {
  g.beginPath();
  line.forEach((p, k) => {
    // what goes from outside to outside would only hide the valley
    const hidden = k === 0 || (out(at, p) && out(at, line[k - 1]));
    hidden ? g.moveTo(...p) : g.lineTo(...p);
  });
  g.stroke();
}

const out = (at, [x, y]) => x < at.left || x > at.right || y < at.top || y > at.bottom;

/** An arrow at the edge where the path leaves the map. */
function leaving(g, at, places, ink) {
  const k = places.findIndex((p) => out(at, p));
  if (k < 1 || !out(at, places[places.length - 1])) return;
  const [[x0, y0], [x1, y1]] = [places[k - 1], places[k]];
  let share = 1;
  if (x1 > at.right) share = Math.min(share, (at.right - 3 - x0) / (x1 - x0));
  if (x1 < at.left) share = Math.min(share, (at.left + 3 - x0) / (x1 - x0));
  if (y1 > at.bottom) share = Math.min(share, (at.bottom - 3 - y0) / (y1 - y0));
  if (y1 < at.top) share = Math.min(share, (at.top + 3 - y0) / (y1 - y0));
  g.strokeStyle = ink;
  g.fillStyle = ink;
  g.lineWidth = 2.2;
  const [x, y] = [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  const length = Math.hypot(x - x0, y - y0) || 1;
  arrow(g, x - ((x - x0) / length) * 18, y - ((y - y0) / length) * 18, x, y, 14);
}

/** Starts hollow, stops filled; those that stand on one another are drawn one inside the other. */
function ends(g, at, paths) {
  const marks = paths.flatMap((path) => {
    const last = path.points[Math.min(path.upTo, path.points.length - 1)];
    const whole = path.upTo > 0 && last[0] !== null && last[1] !== null;
    return [{ path, at: path.points[0], start: true }, ...(whole ? [{ path, at: last, start: false }] : [])];
  }).map((m) => ({ ...m, place: [near(at.x(m.at[0])), near(at.y(m.at[1]))] }));
  marks.forEach(({ path, place, start }, k) => {
    const above = marks.slice(k + 1).filter((m) => m.start === start && together(m.place, place)).length;
    const [card, ink] = [colour("card"), colour(`look-${path.look % 6}`)];
    const size = (start ? 5 : 4.5) + (path.active ? 1.5 : 0) + 2.6 * above;
    marker(g, path.look, ...place, size, start ? card : ink, start ? ink : card);
  });
  if (paths.length > 1) numbered(g, at, marks.filter((m) => m.start));
}

const together = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]) < 8;

/** Beside each start the numbers of the paths that begin there, in their colours. */
function numbered(g, at, starts) {
  const groups = [];
  for (const start of [...starts].sort((a, b) => a.path.look - b.path.look)) {
    const group = groups.find((others) => together(others[0].place, start.place));
    group ? group.push(start) : groups.push([start]);
  }
  g.font = `700 12.5px ${FONT}`;
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.setLineDash([]);
  for (const group of groups) {
    const [x, y] = group[0].place;
    const reach = 9 + 2.6 * (group.length - 1);
    const left = x + reach + 11 * group.length > at.right ? x - reach - 11 * group.length : x + reach;
    const height = Math.max(at.top + 10, y - reach);
    group.forEach(({ path }, k) => {
      g.lineWidth = 4;
      g.strokeStyle = colour("card");
      g.strokeText(String(path.look + 1), left + 11 * k, height);
      g.fillStyle = colour(`look-${path.look % 6}`);
      g.fillText(String(path.look + 1), left + 11 * k, height);
    });
  }
}

/** The gradient as a thin arrow uphill, and its opposite, the way down; on the floor there is none. */
function compass(g, at, { at: place, vector, share, look }) {
  const [x, y] = [at.x(place[0]), at.y(place[1])];
  const [dx, dy] = [at.x(place[0] + vector[0]) - x, at.y(place[1] + vector[1]) - y];
  const length = Math.hypot(dx, dy);
  if (!(length > 0) || !Number.isFinite(length) || share < 0.03) return;
  const shown = 18 + 40 * share;
  const [ux, uy] = [dx / length, dy / length];
  for (const [sign, width, ink, dash] of [[1, 1.6, colour("ink"), [3, 3]], [-1, 2.6, colour(`look-${look % 6}`), []]]) {
    g.strokeStyle = colour("card");
    g.fillStyle = colour("card");
    g.lineWidth = width + 3;
    if (sign < 0) arrow(g, x, y, x + sign * ux * shown, y + sign * uy * shown, 12);
    g.strokeStyle = ink;
    g.fillStyle = ink;
    g.lineWidth = width;
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + sign * ux * (shown - 6), y + sign * uy * (shown - 6));
    g.stroke();
    arrow(g, x + sign * ux * (shown - 11), y + sign * uy * (shown - 11), x + sign * ux * shown, y + sign * uy * shown, 10);
  }
}
