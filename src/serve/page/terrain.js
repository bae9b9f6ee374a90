// The loss as a map: bands of height, their lines, and the way back from pixels to heights.
import { rgb } from "./canvas.js";

/**
 * A grid of heights: `xs`, `ys` ascending, `values[j][i]` at (xs[i], ys[j]); null where it is not finite.
 * Bands lie between the `levels`.
 */
export class Terrain {
  constructor(xs, ys, values, levels) {
    this.xs = xs;
    this.ys = ys;
    this.values = values;
    this.levels = levels;
    this.picture = null;
    this.lines = null;
  }

  /** Which band a height is in, with its share of the way to the next: 0 at the lowest level. */
  band(value) {
    const { levels } = this;
    if (value === null) return levels.length;
    let [a, b] = [0, levels.length];
    while (a < b) {
      const m = (a + b) >> 1;
      if (levels[m] <= value) a = m + 1;
      else b = m;
    }
    return a;
  }

  /** The height of the grid at fractional positions, straight between its points. */
  at(u, v) {
    const i = Math.min(Math.floor(u), this.xs.length - 2);
    const j = Math.min(Math.floor(v), this.ys.length - 2);
    const [a, b] = [u - i, v - j];
    const [r, s] = [this.values[j], this.values[j + 1]];
    if (r[i] === null || r[i + 1] === null || s[i] === null || s[i + 1] === null) return null;
    return (1 - b) * ((1 - a) * r[i] + a * r[i + 1]) + b * ((1 - a) * s[i] + a * s[i + 1]);
  }

  /** The colour of a share of the height, 0 (floor) to 1 (peak). */
  static tone(share, floor, peak) {
    return [0, 1, 2].map((k) => floor[k] + (peak[k] - floor[k]) * share);
  }

  /** Draws the bands as an image of the given size (kept until size or colours change). */
  image(width, height) {
    const [floor, peak] = [rgb("floor"), rgb("peak")];
    const key = `${width}x${height}:${floor}:${peak}`;
    if (this.picture?.key === key) return this.picture.canvas;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const g = canvas.getContext("2d");
    const data = g.createImageData(width, height);
    const tones = Array.from({ length: this.levels.length + 1 }, (_, n) => Terrain.tone(n / this.levels.length, floor, peak));
    for (let y = 0; y < height; y++) {
      const v = ((height - 0.5 - y) / height) * (this.ys.length - 1);
      for (let x = 0; x < width; x++) {
        const u = ((x + 0.5) / width) * (this.xs.length - 1);
        const tone = tones[this.band(this.at(u, v))];
        const k = 4 * (y * width + x);
        data.data[k] = tone[0];
        data.data[k + 1] = tone[1];
        data.data[k + 2] = tone[2];
        data.data[k + 3] = 255;
      }
    }
    g.putImageData(data, 0, 0);
    this.picture = { key, canvas };
    return canvas;
  }

  /** The level lines as pieces [x0, y0, x1, y1] in data units, level by level (marching squares). */
  contours() {
    if (this.lines) return this.lines;
    const { xs, ys, values } = this;
    this.lines = this.levels.map((level) => {
      const out = [];
      for (let j = 0; j + 1 < ys.length; j++) {
        for (let i = 0; i + 1 < xs.length; i++) {
          const corner = [values[j][i], values[j][i + 1], values[j + 1][i + 1], values[j + 1][i]];
          if (corner.includes(null)) continue;
          piece(corner, level, xs[i], ys[j], xs[i + 1], ys[j + 1], out);
        }
      }
      return out;
    });
    return this.lines;
  }
}

function piece([a, b, c, d], level, x0, y0, x1, y1, out) {
  const above = (a >= level) | ((b >= level) << 1) | ((c >= level) << 2) | ((d >= level) << 3);
  if (above === 0 || above === 15) return;
  const share = (p, q) => (level - p) / (q - p);
  const south = () => [x0 + (x1 - x0) * share(a, b), y0];
  const east = () => [x1, y0 + (y1 - y0) * share(b, c)];
  const north = () => [x0 + (x1 - x0) * share(d, c), y1];
  const west = () => [x0, y0 + (y1 - y0) * share(a, d)];
  const put = (p, q) => out.push([...p, ...q]);
  switch (above) {
    case 1: case 14: return put(south(), west());
    case 2: case 13: return put(south(), east());
    case 3: case 12: return put(west(), east());
    case 4: case 11: return put(north(), east());
    case 6: case 9: return put(south(), north());
    case 7: case 8: return put(north(), west());
    case 5: return (put(south(), east()), put(north(), west()));
    default: return (put(south(), west()), put(north(), east()));
  }
}
