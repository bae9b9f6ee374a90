// Numbers as words, and round numbers for axes. Drawing only: nothing statistical.
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10 to a whole power, written with a raised exponent. */
export const power = (n) => "10" + String(n).replace("-", "⁻").replace(/\d/g, (d) => RAISED[d]);

/** A number with about so many digits; very small and very large ones as a product with a power of ten. */
export function short(x, digits = 4) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, exponent] = x.toExponential(Math.max(digits - 2, 0)).split("e");
    return `${trim(mantissa)} × ${power(Number(exponent))}`.replace("-", "−").replace(/^1 × /, "");
  }
  const places = Math.max(0, Math.min(10, digits - 1 - Math.floor(Math.log10(size))));
  return trim(x.toFixed(places)).replace("-", "−");
}

const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A number as it stands in an input or an address. */
export const plain = (x, digits = 6) => String(Number(Number(x).toPrecision(digits)));

/** A whole number with thin spaces between thousands. */
export const whole = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** Round numbers between two ends, about `want` of them, with the digits they need. */
export function linearTicks(low, high, want) {
  const span = high - low;
  if (!(span > 0)) return [{ at: low, text: short(low) }];
  const raw = span / Math.max(want, 1);
  const size = 10 ** Math.floor(Math.log10(raw));
  const unit = size * ([1, 2, 5].find((m) => m * size >= raw) ?? 10);
  const places = Math.max(0, -Math.floor(Math.log10(unit) + 1e-9));
  const out = [];
  for (let i = Math.ceil(low / unit - 1e-9); i <= high / unit + 1e-9; i++) {
    const at = i * unit;
    const text = Math.max(Math.abs(low), Math.abs(high)) >= 1e5 || places > 5 ? short(at, 3) : at.toFixed(places).replace("-", "−");
    out.push({ at, text: Number(at.toFixed(places)) === 0 ? "0" : text });
  }
  return out;
}

/** Whole powers of ten between two ends (given as they are, not as logarithms), at most `want` of them. */
export function logTicks(low, high, want) {
  const [a, b] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((b - a + 1) / Math.max(want, 2)));
  const out = [];
  for (let n = Math.ceil(a / every) * every; n <= b; n += every) {
    const at = 10 ** n;
    out.push({ at, text: n >= 0 && n <= 3 ? String(at) : n < 0 && n >= -2 ? String(at.toFixed(-n)) : power(n) });
  }
  return out;
}
