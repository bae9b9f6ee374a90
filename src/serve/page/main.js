// The page: three tabs, two languages, day and night, and an address that says it all.
import { h, icon, resay } from "./dom.js";
import { keep, kept, lang, onLanguage, speak } from "./i18n.js";
import { repaint } from "./canvas.js";
import { Explore } from "./explore.js";
import { Learn } from "./learn.js";
import { tell } from "./said.js";
import { Train } from "./train.js";

const NAMES = ["explore", "train", "learn"];
const panel = (name) => document.getElementById(`panel-${name}`);
const tab = (name) => document.getElementById(`tab-${name}`);
let current = null;

const tabs = {
  explore: new Explore(panel("explore"), () => write("explore")),
  train: new Train(panel("train")),
  learn: new Learn(panel("learn"), () => write("learn")),
};

/** The tab and what it is asked to show. */
function read() {
  const [name, query] = location.hash.slice(1).split(/\?(.*)/s);
  return [NAMES.includes(name) ? name : "explore", query ?? ""];
}

let writing;
/** Puts what is shown into the address, without a step in the browser's history. */
function write(name) {
  if (name !== current) return;
  clearTimeout(writing);
  writing = setTimeout(() => {
    if (name !== current) return;
    const query = tabs[name].address();
    const hash = `#${name}${query ? `?${query}` : ""}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }, 120);
}

function open(name, query) {
  current = name;
  for (const other of NAMES) {
    const here = other === name;
    panel(other).hidden = !here;
    tab(other).setAttribute("aria-selected", String(here));
    tab(other).tabIndex = here ? 0 : -1;
  }
  tabs[name].open(query).then(() => write(name), (refusal) => panel(name).append(tell(h("p", { class: "problem" }), refusal)));
}

for (const name of NAMES) tab(name).addEventListener("click", () => ((location.hash = `#${name}`), open(name, "")));
document.querySelector(".tabs").addEventListener("keydown", (e) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  const to = e.key === "Home" ? 0 : e.key === "End" ? 2 : step ? (NAMES.indexOf(current) + step + 3) % 3 : null;
  if (to === null) return;
  e.preventDefault();
  tab(NAMES[to]).click();
  tab(NAMES[to]).focus();
});
addEventListener("hashchange", () => {
  const [name, query] = read();
  if (name !== current || query) open(name, query);
});

const themes = ["auto", "light", "dark"];
let theme = kept("clinreg_theme", themes) ?? "auto";
function dress() {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  repaint();
}
const button = document.getElementById("theme");
button.append(icon("theme"));
button.addEventListener("click", () => {
  const dark = theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
  theme = dark ? "light" : "dark";
  keep("clinreg_theme", theme);
  dress();
});

function language() {
  resay(document);
  for (const to of ["en", "es"]) document.getElementById(`lang-${to}`).setAttribute("aria-pressed", String(lang() === to));
  repaint();
}
for (const to of ["en", "es"]) document.getElementById(`lang-${to}`).addEventListener("click", () => speak(to));
onLanguage(language);

document.documentElement.lang = lang();
language();
dress();
open(...read());
