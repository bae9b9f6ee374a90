// The compass: which way the gradient points, and how long it is.
import { Stage, arrow, colour, FONT } from "./canvas.js";
import { t } from "./i18n.js";

/** The dial; `reading()` gives {vector, share: length against the longest of the path (0 to 1), look} or null. */
export class Dial {
  constructor(canvas, reading) {
    this.reading = reading;
    this.stage = new Stage(canvas, (g, w, h) => this.paint(g, w, h));
  }

  ask() {
    this.stage.ask();
  }

  paint(g, width, height) {
    const [x, y, r] = [width / 2, height / 2, Math.min(width, height) / 2 - 3];
    g.fillStyle = colour("wash");
    g.strokeStyle = colour("line");
    g.lineWidth = 1.5;
    g.beginPath();
    g.arc(x, y, r, 0, 7);
    g.fill();
    g.stroke();
    for (let k = 0; k < 16; k++) {
      const a = (k * Math.PI) / 8;
      const from = r - (k % 4 === 0 ? 8 : 4);
      g.beginPath();
      g.moveTo(x + from * Math.cos(a), y + from * Math.sin(a));
      g.lineTo(x + (r - 1) * Math.cos(a), y + (r - 1) * Math.sin(a));
      g.stroke();
    }
    const said = this.reading();
    if (!said) return;
    const [gx, gy] = [said.vector[0] ?? 0, said.vector[1] ?? 0];
    const length = Math.hypot(gx, gy);
    if (!(length > 0) || !Number.isFinite(length)) return;
    const [ux, uy] = [gx / length, -gy / length];
    const reach = (r - 12) * (0.3 + 0.7 * said.share);
    g.strokeStyle = g.fillStyle = colour("soft");
    g.lineWidth = 1.6;
    g.setLineDash([3, 3]);
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + ux * (reach - 8), y + uy * (reach - 8));
    g.stroke();
    arrow(g, x + ux * (reach - 10), y + uy * (reach - 10), x + ux * reach, y + uy * reach, 10);
    g.strokeStyle = g.fillStyle = colour(`look-${said.look % 6}`);
    g.lineWidth = 3;
    arrow(g, x, y, x - ux * reach, y - uy * reach, 14);
    g.beginPath();
    g.arc(x, y, 4, 0, 7);
    g.fill();
    g.font = `11px ${FONT}`;
    this.stage.canvas.setAttribute("aria-label", t("compass_says", { x: gx.toPrecision(3), y: gy.toPrecision(3) }));
  }
}
