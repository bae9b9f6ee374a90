// Talks to the program that served this page, and to nobody else.
import { t } from "./i18n.js";
import { learnt } from "./said.js";

const token = document.querySelector('meta[name="token"]').content;

/** An answer that was not what was asked for, in the program's words. */
export class Refusal extends Error {
  constructor(status, body) {
    // with a place in the formula the page marks it itself; the lines below the first would do so again
    const words = body?.error ?? `HTTP ${status}`;
    super(body?.position ? words.split("\n")[0] : words);
    this.status = status;
    this.hint = body?.hint ?? null;
    this.kind = body?.kind ?? null;
    this.position = body?.position ?? null;
  }
}

async function ask(method, path, body, type) {
  const headers = { "X-Clinreg-Token": token };
  if (type) headers["Content-Type"] = type;
  const answer = await fetch(path, { method, headers, body }).catch(() => null);
  if (!answer) throw new Refusal(0, { error: t("no_answer"), kind: "page" });
  if (answer.status === 204) return null;
  const said = learnt(await answer.json().catch(() => null));
  if (!answer.ok) throw new Refusal(answer.status, said);
  return said;
}

/** What stands at a path. */
export const get = (path) => ask("GET", path);
/** Sends JSON. */
export const post = (path, body) => ask("POST", path, JSON.stringify(body ?? {}), "application/json");
/** Sends a file as it is. */
export const upload = (file) => ask("POST", `/api/data?name=${encodeURIComponent(file.name)}`, file, "text/csv");
/** Forgets something. */
export const forget = (path) => ask("DELETE", path);

/** Runs only the newest of overlapping questions: older answers are dropped (null). */
export function latest() {
  let newest = 0;
  return async (question) => {
    const mine = ++newest;
    try {
      const answer = await question();
      return mine === newest ? answer : null;
    } catch (refusal) {
      if (mine !== newest) return null;
      throw refusal;
    }
  };
}
