// Paths that run over one another are drawn side by side, so that none hides another.

/** Pixels between two looks along a path, and the size of the cells in which it is noted that a path was there. */
const STEP = 3;
/** Pixels between two lanes. */
const APART = 3.2;
/** A shorter stretch together is a crossing and stays as it is, in pixels. */
const SHORTEST = 14;
/** Lanes in the order in which they are taken: the middle first. */
const ORDER = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5];

/**
 * The paths as they are drawn. Each path is a list of places [x, y], null where it is interrupted; `shown(place)` says
 * whether a place is in the picture. Gives for each path {line: its places with the steps between them, nodes: its own
 * places}, moved aside where an earlier path runs already.
 */
export function lanes(paths, shown) {
  const cells = new Map();
  return paths.map((places) => {
    const looks = walk(places, shown);
    choose(looks, cells);
    for (const look of looks) if (look.on) mark(cells, look);
    return { line: looks.map(moved), nodes: looks.filter((l) => l.place && l.node).map(moved) };
  });
}

/** A path in small steps: place, direction, way gone since the step before. */
function walk(places, shown) {
  const looks = [];
  places.forEach((to, i) => {
    const from = i > 0 ? places[i - 1] : null;
    if (!to) return looks.push({ place: null });
    if (!from) return looks.push({ place: to, on: shown(to), node: true, way: 0, normal: null });
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(dx, dy);
    const normal = length > 0 ? [-dy / length, dx / length] : null;
    const steps = shown(from) || shown(to) ? Math.max(1, Math.min(400, Math.round(length / STEP))) : 1;
    for (let k = 1; k <= steps; k++) {
      const place = [from[0] + (dx * k) / steps, from[1] + (dy * k) / steps];
      looks.push({ place, on: shown(place), node: k === steps, way: length / steps, normal });
    }
  });
  looks.forEach((l, i) => (l.normal ??= looks[i + 1]?.normal ?? null));
  return looks;
}

/** Gives each step a lane that is free there; it keeps to its lane as long as that goes. */
function choose(looks, cells) {
  let lane = 0;
  for (const look of looks) {
    const taken = look.on ? near(cells, look.place) : null;
    if (!taken?.size) lane = 0;
    else if (lane === 0 || taken.has(lane)) lane = ORDER.find((l) => !taken.has(l)) ?? 0;
    look.lane = lane;
  }
  for (let a = 0; a < looks.length; ) {
    let [b, way] = [a, 0];
    while (b < looks.length && looks[b].lane === looks[a].lane) way += looks[b++].way ?? 0;
    if (way < SHORTEST) for (let k = a; k < b; k++) looks[k].lane = 0;
    a = b;
  }
}

const cell = (x, y) => Math.floor(x / STEP) * 100003 + Math.floor(y / STEP);

function mark(cells, { place, lane }) {
  const key = cell(...place);
  if (!cells.has(key)) cells.set(key, new Set());
  cells.get(key).add(lane);
}

/** Lanes that are taken at a place. */
function near(cells, [x, y]) {
  const taken = new Set();
  for (const dx of [-STEP, 0, STEP]) for (const dy of [-STEP, 0, STEP]) for (const lane of cells.get(cell(x + dx, y + dy)) ?? []) taken.add(lane);
  return taken;
}

function moved({ place, lane, normal }) {
  if (!place || !lane || !normal) return place;
  return [place[0] + APART * lane * normal[0], place[1] + APART * lane * normal[1]];
}
