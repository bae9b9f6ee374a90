// The formula from clicked pieces, and back where it is plain enough. The program judges it; this only writes it.

/** Pieces of a model: outcome, treatment, predictors (name -> "line" or a number of knots), interactions [[a, b]], extra (terms as typed). */
export const empty = () => ({ outcome: "", treatment: "", predictors: new Map(), interactions: [], extra: [] });

/** The formula of the pieces; `written(name)` is a name as it stands in a formula. */
export function write(pieces, written) {
  const term = (name) => {
    const knots = pieces.predictors.get(name);
    return knots && knots !== "line" ? `rcs(${written(name)}, ${knots})` : written(name);
  };
  const names = [pieces.treatment, ...pieces.predictors.keys()].filter((n, i, all) => n && n !== pieces.outcome && all.indexOf(n) === i);
  const terms = names.map(term);
  for (const [a, b] of pieces.interactions) {
    if (names.includes(a) && names.includes(b)) terms.push(`${term(a)}:${term(b)}`);
  }
  terms.push(...pieces.extra);
  return `${pieces.outcome ? written(pieces.outcome) : ""} ~ ${terms.join(" + ") || "1"}`;
}

/** The pieces of a formula: names, `a * b`, `a:b`, rcs; other terms stay as they are typed. Null where it is no formula. */
export function read(formula, treatment, columns) {
  const names = new Map(columns.flatMap((c) => [[c.name, c.name], [c.in_formula ?? c.name, c.name]]));
  const [left, right] = formula.split("~").map((side) => side?.trim());
  if (right === undefined || !names.has(left)) return null;
  const pieces = { ...empty(), outcome: names.get(left), treatment: treatment ?? "" };
  const spline_of = (text) => text.match(/^rcs\((.+?),\s*([345])\)$/);
  const known = (text) => names.has(spline_of(text)?.[1].trim() ?? text);
  const one = (text) => {
    const spline = spline_of(text);
    const name = names.get(spline ? spline[1].trim() : text);
    if (name !== pieces.treatment && (spline || !pieces.predictors.has(name))) pieces.predictors.set(name, spline ? Number(spline[2]) : "line");
    return name;
  };
  if (right === ".") {
    for (const c of columns) if (c.name !== pieces.outcome && c.name !== pieces.treatment) pieces.predictors.set(c.name, "line");
    return pieces;
  }
  for (const part of parts(right)) {
    const star = part.split("*").map((p) => p.trim());
    const pair = star.length === 2 ? star : part.split(":").map((p) => p.trim());
    if (pair.length > 2 || pair.some((p) => !known(p))) {
      if (part) pieces.extra.push(part);
      continue;
    }
    const found = pair.map(one);
    if (pair.length === 2) pieces.interactions.push(found);
  }
  return pieces;
}

/** Columns that can be a predictor: those with something to tell (more than one value, not one level a row). */
export const usable = (column, rows) =>
  column.type === "number" ? column.distinct !== 1 : column.type === "category" && (column.levels?.length ?? 0) > 1 && (column.levels_total ?? column.distinct ?? 0) < Math.max(3, rows / 2);

/** The two levels of an outcome, either of which can be the event; null for any other column. */
export function outcomeLevels(column) {
  if (column?.type === "category" && column.levels?.length === 2) return column.levels.map((l) => l.name);
  return column?.type === "number" && column.distinct === 2 ? [String(column.min), String(column.max)] : null;
}

/** The terms of a right-hand side: cut at each plus outside of brackets and backticks. */
function parts(text) {
  const out = [""];
  let [depth, quoted] = [0, false];
  for (const letter of text) {
    if (letter === "`") quoted = !quoted;
    if (!quoted) depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    if (letter === "+" && depth === 0 && !quoted) out.push("");
    else out[out.length - 1] += letter;
  }
  return out.map((p) => p.trim());
}
