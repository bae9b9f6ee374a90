// The program's own sentences: in Spanish where it sent them so, else in English and marked as such.
import { h } from "./dom.js";
import { lang, onLanguage, t } from "./i18n.js";

/** Sentences kept; beyond, the oldest go. */
const MOST = 2000;
const spanish = new Map();
const refusals = new Map();

/** Keeps the Spanish that came with an answer. */
export function learnt(answer) {
  for (const [english, words] of Object.entries(answer?.spanish ?? {})) {
    spanish.delete(english);
    spanish.set(english, words);
  }
  for (const oldest of spanish.keys()) {
    if (spanish.size <= MOST) break;
    spanish.delete(oldest);
  }
  return answer;
}

/** Whether the page can say a sentence of the program in its language. */
export const known = (text) => lang() === "en" || spanish.has(text);

/** A sentence of the program in the language, or as the program said it. */
export const words = (text) => (lang() === "es" && spanish.get(text)) || text;

/** The same as an element, marked as English where it is that on a Spanish page. */
export const said = (text, shape = words(text)) => h("span", { lang: known(text) ? null : "en" }, shape);

/** Begins with a capital and ends with a stop. */
const sentence = (text) => text.replace(/^([¿¡]?)(\p{Ll})/u, (_, sign, letter) => sign + letter.toUpperCase()) + (/[.?!]$/.test(text) ? "" : ".");

/** What was refused and what helps, as pieces [text, language or null]; a lead in Spanish where there is only English. */
function pieces({ message, hint, kind }) {
  const lead = known(message) ? [] : [[t(["data", "formula"].includes(kind) ? `refused_${kind}` : "refused"), null]];
  return [...lead, ...[message, hint].filter(Boolean).map((text) => [sentence(words(text)), known(text) ? null : "en"])];
}

/** What was refused and what helps, as sentences. */
export const told = (refusal) => pieces(refusal).map(([text]) => text).join(" ");

/** Puts a refusal into an element, whose words then follow the language; none empties it. */
export function tell(element, refusal) {
  refusals.delete(element);
  if (refusal) refusals.set(element, refusal);
  element.hidden = !refusal;
  element.replaceChildren(...(refusal ? pieces(refusal) : []).flatMap(([text, language], k) => [k ? " " : "", h("span", { lang: language }, text)]));
  return element;
}

onLanguage(() => {
  for (const [element, refusal] of [...refusals]) element.isConnected ? tell(element, refusal) : refusals.delete(element);
});
