// What is explored, as plain data, and the same in the address, so that it can be sent.

/** Surfaces of a formula with their number of coordinates and where one usually starts. */
export const SURFACES = {
  bowl: [2, [-2, 1.5]], valley: [2, [-4, 1.1]], himmelblau: [2, [-4, 4]], rosenbrock: [2, [-1.2, 1]], beale: [2, [1, 1.5]],
  saddle: [2, [1.6, 0.02]], plateau: [2, [2.4, 1.6]], hills: [2, [3.4, 3]], parabola: [1, [8]], wave: [1, [8]],
};
export const METHODS = ["gradient-descent", "momentum", "nesterov", "adam", "adagrad", "rmsprop", "newton"];
export const RULES = ["auto", "line-search", "exact", "barzilai-borwein"];
export const SCHEDULES = ["constant", "inverse-root", "inverse-time", "exponential", "steps", "cosine"];
export const MOST_RUNS = 6;

/** The state at first sight: an elongated valley and a rate that works. */
export function first() {
  return { surface: "valley", condition: 20, fit: null, runs: [{ method: "gradient-descent", rate: 0.08, start: [-4, 1.1], max_iterations: 200, tolerance: 0.001 }], active: 0, view: "map", update: null, speed: 8 };
}

/** How many coordinates a point has. */
export const dim = (state) => (state.fit ? 2 : SURFACES[state.surface][0]);

/** The body of the question to the engine. */
export function request(state) {
  const { fit } = state;
  if (!fit) return { surface: state.surface, condition: state.surface === "valley" ? state.condition : null, runs: state.runs };
  const body = { data: fit.data, formula: fit.formula, others: fit.others, scale: fit.scale, runs: state.runs };
  if (fit.over) body.over = fit.over;
  if (fit.event) body.event = fit.event;
  return body;
}

const NUMBERS = ["friction", "gamma", "every", "noise", "batch", "tolerance", "max_iterations", "seed"];

/** The state as the part of an address behind `#explore?`. */
export function toAddress(state) {
  const out = new URLSearchParams();
  if (state.fit) {
    for (const key of ["data", "formula", "others", "scale"]) out.set(key, state.fit[key]);
    if (state.fit.event) out.set("event", state.fit.event);
    if (state.fit.over) state.fit.over.forEach((name) => out.append("over", name));
  } else {
    out.set("surface", state.surface);
    if (state.surface === "valley") out.set("condition", state.condition);
  }
  for (const run of state.runs) {
    const parts = [run.method, `rate=${run.rate}`];
    if (run.start?.length) parts.push(`start=${run.start.join(",")}`);
    if (run.schedule && run.schedule !== "constant") parts.push(`schedule=${run.schedule}`);
    for (const key of NUMBERS) if (run[key] !== undefined && run[key] !== null) parts.push(`${key}=${run[key]}`);
    out.append("run", parts.join(";"));
  }
  if (state.active) out.set("active", state.active);
  if (state.view !== "map") out.set("view", state.view);
  if (state.update !== null) out.set("update", state.update);
  if (state.speed !== 8) out.set("speed", state.speed);
  return out.toString().replaceAll("%3B", ";").replaceAll("%3D", "=").replaceAll("%2C", ",");
}

/** The state of an address; what it does not say, or says wrongly, is as at first sight. */
export function fromAddress(text) {
  const said = new URLSearchParams(text);
  const state = first();
  if (said.get("data") && said.get("formula")) {
    const over = said.getAll("over");
    state.fit = {
      data: said.get("data"), formula: said.get("formula"), event: said.get("event") || null, over: over.length === 2 ? over : null,
      others: said.get("others") === "profiled" ? "profiled" : "held", scale: said.get("scale") === "raw" ? "raw" : "standardised",
    };
    state.runs[0].start = [];
  } else if (Object.hasOwn(SURFACES, said.get("surface") ?? "")) {
    state.surface = said.get("surface");
    state.condition = within(said.get("condition"), 1, 10000) ?? 20;
    state.runs[0].start = SURFACES[state.surface][1];
  }
  const runs = said.getAll("run").slice(0, MOST_RUNS).map((r) => readRun(r, dim(state)));
  if (runs.length) state.runs = runs;
  state.active = Math.min(within(said.get("active"), 0, MOST_RUNS) ?? 0, state.runs.length - 1);
  if (said.get("view") === "solid" && dim(state) === 2) state.view = "solid";
  state.update = within(said.get("update"), 0, 20000);
  state.speed = within(said.get("speed"), 1, 1000) ?? 8;
  return state;
}

function readRun(text, size) {
  const [method, ...rest] = text.split(";");
  const run = { method: METHODS.includes(method) ? method : METHODS[0], rate: "auto", start: [] };
  for (const part of rest) {
    const cut = part.indexOf("=");
    const [key, value] = [part.slice(0, cut), part.slice(cut + 1)];
    if (key === "rate") run.rate = RULES.includes(value) ? value : within(value, 1e-300, 1e6) ?? "auto";
    else if (key === "start") {
      const at = value.split(",").map(Number);
      if (at.length === size && at.every(Number.isFinite)) run.start = at;
    } else if (key === "schedule" && SCHEDULES.includes(value)) run.schedule = value;
    else if (NUMBERS.includes(key) && value !== "" && Number.isFinite(Number(value))) run[key] = Number(value);
  }
  return run;
}

function within(text, low, high) {
  const value = Number(text);
  return text !== null && text !== "" && Number.isFinite(value) && value >= low && value <= high ? value : null;
}
