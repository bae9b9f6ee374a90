// Builds elements: text and attributes only, never markup, so that a name from a CSV stays a name.
import { t } from "./i18n.js";

/**
 * An element. Properties: `t` (key of its text), `label` (key of its aria-label), `vars` (for the text),
 * `on` (listeners), `class`; whatever else is an attribute (true = present, false or null = absent).
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, f] of Object.entries(value)) element.addEventListener(event, f);
    else if (name === "t") say(element, value, props.vars);
    else if (name === "label" || name === "data-t-label") label(element, value, props.vars);
    else if (name === "vars") continue;
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

/** Gives an element a text by key, which follows the language. */
export function say(element, key, vars) {
  element.dataset.t = key;
  if (vars) element.dataset.vars = JSON.stringify(vars);
  else delete element.dataset.vars;
  element.textContent = t(key, vars);
}

/** Gives an element an aria-label by key, which follows the language. */
export function label(element, key, vars) {
  element.dataset.tLabel = key;
  if (vars) element.dataset.labelVars = JSON.stringify(vars);
  element.setAttribute("aria-label", t(key, vars));
  if (element.tagName === "BUTTON") element.title = t(key, vars);
}

/** Says all texts below an element again, after a change of language. */
export function resay(root) {
  for (const e of root.querySelectorAll("[data-t]")) {
    e.textContent = t(e.dataset.t, e.dataset.vars && JSON.parse(e.dataset.vars));
  }
  for (const e of root.querySelectorAll("[data-t-label]")) {
    const words = t(e.dataset.tLabel, e.dataset.labelVars && JSON.parse(e.dataset.labelVars));
    e.setAttribute("aria-label", words);
    if (e.tagName === "BUTTON") e.title = words;
  }
}

/** Puts words where a screen reader hears them. */
export function announce(words) {
  const live = document.getElementById("live");
  if (live.textContent !== words) live.textContent = words;
}

const SHAPES = {
  play: "M7 4.5v15l12.5-7.5z", pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z", step: "M5 5v14l9-7zM16 5h3v14h-3z",
  reset: "M12 5V1.5L6.5 6.5 12 11.500V8a5 5 0 1 1-5 5H4a8 8 0 1 0 8-8z", stop: "M6 6h12v12H6z",
  back: "M19 5v14l-9-7zM5 5h3v14H5z", plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  close: "M6.400 5 12 10.600 17.600 5 19 6.400 13.400 12 19 17.600 17.600 19 12 13.400 6.400 19 5 17.600 10.600 12 5 6.400z",
  theme: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2.200v13.600a6.800 6.800 0 0 1 0-13.600z",
  end: "M4 5v14l7.500-7zM12 5v14l7.500-7z", link: "M10.600 13.400a4 4 0 0 0 5.700 0l3-3a4 4 0 1 0-5.700-5.700l-1.400 1.400 1.400 1.400L15 6.100a2 2 0 1 1 2.900 2.900l-3 3a2 2 0 0 1-2.900 0zM13.400 10.600a4 4 0 0 0-5.700 0l-3 3a4 4 0 1 0 5.700 5.700l1.400-1.400-1.400-1.400L9 17.900A2 2 0 1 1 6.100 15l3-3a2 2 0 0 1 2.900 0z",
};

/** A small picture for a button. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A labelled field: its name above, a read-out at the right where `output` is given. */
export function field(key, control, output) {
  const name = h("span", { class: "name" }, h("span", { t: key }), output);
  return h("label", { class: "field" }, name, control);
}

/** A select box; options are [value, key of the text] or [value, null, plain text]. */
export function select(options, value, change, props = {}) {
  const box = h("select", { ...props, on: { change: () => change(box.value) } });
  fillSelect(box, options, value);
  return box;
}

/** Replaces the options of a select box. */
export function fillSelect(box, options, value) {
  box.replaceChildren(...options.map(([v, key, text]) => h("option", key ? { value: v, t: key } : { value: v }, key ? null : text)));
  box.value = value;
}
