// Two languages, one switch that is kept.
import en from "./en.js";
import es from "./es.js";
import lessonsEn from "./lessons_en.js";
import lessonsEs from "./lessons_es.js";

const TEXTS = { en: { ...en, ...lessonsEn }, es: { ...es, ...lessonsEs } };
const listeners = [];
let language = kept("clinreg_language", ["en", "es"]) ?? (navigator.language.startsWith("es") ? "es" : "en");

/** What a cookie keeps, if it is one of the allowed words. */
export function kept(name, allowed) {
  const found = document.cookie.split("; ").find((c) => c.startsWith(`${name}=`))?.slice(name.length + 1);
  return allowed.includes(found) ? found : null;
}

/** Keeps a choice for a year; a cookie, because the port changes from one start to the next and storage goes by port. */
export function keep(name, value) {
  document.cookie = `${name}=${value}; Max-Age=31536000; Path=/; SameSite=Strict`;
}

/** The language: "en" or "es". */
export const lang = () => language;

/** The text of a key in the language, with {name} filled in. */
export function t(key, vars) {
  const text = TEXTS[language][key] ?? TEXTS.en[key] ?? key;
  return vars ? text.replace(/\{(\w+)\}/g, (all, name) => vars[name] ?? all) : text;
}

/** Whether a key has a text. */
export const has = (key) => key in TEXTS.en;

/** Calls back after each change of language. */
export const onLanguage = (f) => listeners.push(f);

/** Changes the language and keeps it. */
export function speak(to) {
  language = to;
  keep("clinreg_language", to);
  document.documentElement.lang = to;
  for (const f of listeners) f();
}

/** The keys that one language has and the other lacks: none, a test holds. */
export function lacking() {
  const [a, b] = [Object.keys(TEXTS.en), Object.keys(TEXTS.es)];
  return [...a.filter((k) => !(k in TEXTS.es)), ...b.filter((k) => !(k in TEXTS.en))];
}
