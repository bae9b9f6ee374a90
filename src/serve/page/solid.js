// The loss as a landscape: turn it by dragging or with the arrow keys.
import { Stage, colour, marker, rgb, DASHES } from "./canvas.js";
import { cut } from "./axes.js";
import { lanes } from "./lanes.js";
import { Terrain } from "./terrain.js";

/** Quadrilaterals along a side of the landscape. */
const MESH = 44;
/** Height of the landscape against its side, and pixels kept below it for the names of its axes. */
const RISE = 0.62;
const FOOT = 30;

/** The landscape; `scene()` as in the map. The height is drawn by bands, so that deep valleys stay visible. */
export class Solid {
  constructor(canvas, scene, turned) {
    this.scene = scene;
    this.turned = turned;
    this.turn = -0.65;
    this.tilt = 0.62;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
    canvas.style.touchAction = "none";
    canvas.addEventListener("pointerdown", (e) => {
      this.from = [e.clientX, e.clientY];
      canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener("pointermove", (e) => this.drag(e));
    canvas.addEventListener("pointerup", () => (this.from = null));
    canvas.addEventListener("pointercancel", () => (this.from = null));
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  ask() {
    this.stage.ask();
  }

  drag(e) {
    if (!this.from) return;
    this.rotate((e.clientX - this.from[0]) * 0.008, (e.clientY - this.from[1]) * 0.006);
    this.from = [e.clientX, e.clientY];
  }

  key(e) {
    const way = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.06], ArrowDown: [0, 0.06] }[e.key];
    if (!way) return;
    e.preventDefault();
    this.rotate(...way);
  }

  rotate(turn, tilt) {
    this.turn += turn;
    this.tilt = Math.max(0.12, Math.min(1.45, this.tilt + tilt));
    this.ask();
    this.turned?.();
  }

  /** From the unit cube (-0.5 to 0.5 each way, height 0 to 1) to pixels and depth; the whole cube is in the picture. */
  projection(width, height) {
    const [c, s] = [Math.cos(this.turn), Math.sin(this.turn)];
    const [ct, st] = [Math.cos(this.tilt), Math.sin(this.tilt)];
    const flat = (x, y, z) => [x * c - y * s, -(x * s + y * c) * st - z * RISE * ct, x * s + y * c];
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => flat((k & 1) - 0.5, ((k >> 1) & 1) - 0.5, k >> 2));
    const ends = (axis) => [Math.min(...corners.map((p) => p[axis])), Math.max(...corners.map((p) => p[axis]))];
    const [[left, right], [top, bottom]] = [ends(0), ends(1)];
    // the turn must not change the size, so the width is that of the cube seen over its edge
    const size = Math.min((width - 16) / Math.SQRT2, (height - FOOT - 8) / (bottom - top));
    const [x0, y0] = [width / 2 - (size * (left + right)) / 2, (height - FOOT + 8) / 2 - (size * (top + bottom)) / 2];
    return (x, y, z) => {
      const [a, b, depth] = flat(x, y, z);
      return [x0 + size * a, y0 + size * b, depth];
    };
  }

  paint(g, width, height) {
    const scene = this.scene();
    const { terrain } = scene;
    if (!terrain) return;
    const project = this.projection(width, height);
    const { xs, ys } = terrain;
    const unit = (at, list) => (at - list[0]) / (list[list.length - 1] - list[0]) - 0.5;
    const lift = heights(terrain);
    mesh(g, terrain, project, lift);
    const up = (x, y) => {
      const [u, v] = [unit(x, xs) + 0.5, unit(y, ys) + 0.5];
      if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) return null;
      const z = terrain.at(Math.min(u, 0.99999) * (xs.length - 1), Math.min(v, 0.99999) * (ys.length - 1));
      return project(u - 0.5, v - 0.5, lift(z) + 0.012);
    };
    trails(g, scene.paths, up, width, height);
    names(g, scene, project, width);
  }
}

/** Height of a value in the cube: straight for a calm surface, the square root for one with steep walls. */
function heights(terrain) {
  const finite = terrain.values.flat().filter((v) => v !== null).sort((a, b) => a - b);
  const low = finite[0] ?? 0;
  const high = finite[Math.floor(finite.length * 0.985)] ?? 1;
  const middle = finite[Math.floor(finite.length / 2)] ?? 0;
  const steep = (middle - low) / (high - low || 1) < 0.12;
  return (v) => {
    const share = v === null ? 1 : Math.max(0, Math.min(1, (v - low) / (high - low || 1)));
    return steep ? share ** 0.4 : share;
  };
}

function mesh(g, terrain, project, lift) {
  const [floor, peak] = [rgb("floor"), rgb("peak")];
  const corner = (i, j) => {
    const z = terrain.at((i / MESH) * (terrain.xs.length - 1.00001), (j / MESH) * (terrain.ys.length - 1.00001));
    return { p: project(i / MESH - 0.5, j / MESH - 0.5, lift(z)), z: lift(z) };
  };
  const grid = Array.from({ length: MESH + 1 }, (_, j) => Array.from({ length: MESH + 1 }, (_, i) => corner(i, j)));
  const tiles = [];
  for (let j = 0; j < MESH; j++) {
    for (let i = 0; i < MESH; i++) {
      const four = [grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i]];
      tiles.push({ four, depth: four[0].p[2] + four[2].p[2] });
    }
  }
  tiles.sort((a, b) => b.depth - a.depth);
  g.setLineDash([]);
  g.lineWidth = 0.6;
  for (const { four } of tiles) {
    const z = (four[0].z + four[1].z + four[2].z + four[3].z) / 4;
    const slope = (four[1].z - four[0].z) * 0.9 + (four[0].z - four[3].z) * 0.5;
    const tone = Terrain.tone(Math.min(1, 0.2 + 0.8 * z), floor, peak).map((v) => Math.round(Math.max(0, Math.min(255, v * (1 - Math.max(-0.12, Math.min(0.16, slope)))))));
    g.fillStyle = `rgb(${tone})`;
    g.strokeStyle = `rgb(${tone.map((v) => Math.round(v * 0.93))})`;
    g.beginPath();
    for (const { p } of four) g.lineTo(p[0], p[1]);
    g.closePath();
    g.fill();
    g.stroke();
  }
}

/** All paths, side by side where they meet; first their edges of paper, so that none covers another. */
function trails(g, paths, up, width, height) {
  const byLook = [...paths].sort((a, b) => a.look - b.look);
  const places = byLook.map((path) => path.points.slice(0, path.upTo + 1).map(([x, y]) => (x === null ? null : up(x, y)?.slice(0, 2) ?? null)));
  const inside = ([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height;
  const lines = new Map(lanes(places, inside).map(({ line }, k) => [byLook[k], line]));
  for (const [thick, edge] of [[4.8, true], [2.2, false]]) {
    for (const path of paths) {
      g.setLineDash(edge ? [] : DASHES[path.look % 6]);
      g.strokeStyle = colour(edge ? "card" : `look-${path.look % 6}`);
      g.lineWidth = thick;
      g.beginPath();
      let on = false;
      for (const p of lines.get(path)) {
        if (p) on ? g.lineTo(p[0], p[1]) : g.moveTo(p[0], p[1]);
        on = Boolean(p);
      }
      g.stroke();
    }
  }
  g.setLineDash([]);
  paths.forEach((path, k) => ends(g, path, up, paths.length - 1 - k));
}

/** Start and stop; `above`: paths that are drawn after this one. */
function ends(g, path, up, above) {
  const last = Math.min(path.upTo, path.points.length - 1);
  const [card, ink] = [colour("card"), colour(`look-${path.look % 6}`)];
  const start = up(...path.points[0]);
  if (start) marker(g, path.look, start[0], start[1], 5 + 1.8 * above, card, ink);
  const stop = last > 0 && path.points[last][0] !== null ? up(...path.points[last]) : null;
  if (stop) marker(g, path.look, stop[0], stop[1], 5.5 + 1.8 * above, ink, card);
}

function names(g, scene, project, width) {
  g.fillStyle = colour("soft");
  g.textBaseline = "top";
  const put = (text, a, b) => {
    const [x0, y0] = project(...a, 0);
    const [x1, y1] = project(...b, 0);
    const [x, y] = y0 > y1 ? [x0, y0] : [x1, y1];
    const words = cut(g, text, width * 0.42);
    const half = g.measureText(words).width / 2;
    g.textAlign = "center";
    g.fillText(words, Math.max(half + 4, Math.min(width - half - 4, x)), y + 10);
  };
  put(scene.xName, [0, -0.56], [0, 0.56]);
  put(scene.yName, [-0.56, 0], [0.56, 0]);
}
