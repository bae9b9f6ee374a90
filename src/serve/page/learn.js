// The third tab: the story in steps, each with a live figure and a question that the program checks.
import { get, post } from "./api.js";
import { announce, h } from "./dom.js";
import { has, onLanguage, t } from "./i18n.js";
import { Exhibit } from "./exhibit.js";
import { short } from "./numbers.js";
import { told } from "./said.js";

/** The tab; `moved()` is called when the step has changed. */
export class Learn {
  constructor(panel, moved) {
    this.moved = moved;
    this.done = new Set();
    this.at = 0;
    this.list = h("ol", { class: "steps", "data-t-label": "lessons" });
    this.lesson = h("article", { class: "lesson" });
    panel.append(h("div", { class: "learn" }, h("nav", { "data-t-label": "lessons" }, this.list), this.lesson));
    onLanguage(() => this.steps && this.show());
  }

  async open(query) {
    this.steps ??= await get("/api/learn/steps");
    const wanted = new URLSearchParams(query).get("step");
    const found = this.steps.findIndex((s) => s.id === wanted);
    if (found >= 0) this.at = found;
    if (this.shown !== this.at) this.show();
  }

  address() {
    return `step=${this.steps[this.at].id}`;
  }

  go(at) {
    this.at = at;
    this.show();
    this.moved();
    this.lesson.querySelector("h1").focus();
    window.scrollTo({ top: 0 });
  }

  nav() {
    this.list.replaceChildren(...this.steps.map((step, k) => h("li", null,
      h("button", { type: "button", id: `step-${step.id}`, class: this.done.has(step.id) ? "done" : "", "aria-current": k === this.at ? "step" : null, "aria-label": `${k + 1}. ${t(`learn.${step.id}.title`)}`, on: { click: () => this.go(k) } },
        h("i", null, this.done.has(step.id) ? "✓" : String(k + 1)), h("span", null, t(`learn.${step.id}.title`))))));
  }

  show() {
    this.shown = this.at;
    const step = this.steps[this.at];
    this.exhibit?.close();
    this.exhibit = new Exhibit(step);
    this.nav();
    const numbers = words(step.numbers);
    const story = t(`learn.${step.id}.story`, numbers).split("\n").map((p) => h("p", null, p));
    this.lesson.replaceChildren(
      h("div", { class: "story" }, h("p", { class: "kicker" }, t("step_of", { n: this.at + 1, of: this.steps.length })),
        h("h1", { tabindex: "-1" }, t(`learn.${step.id}.title`)), story),
      h("div", { class: "show" }, this.exhibit.root),
      this.question(step, numbers));
    this.exhibit.open();
  }

  question(step, numbers) {
    const said = h("div", { class: "verdict", hidden: true, "aria-live": "polite", id: "learn-verdict" });
    const name = `answer-${step.id}`;
    let answer = () => this.lesson.querySelector(`input[name="${name}"]:checked`)?.value ?? null;
    let inputs = (step.choices ?? []).map((c) => h("label", { class: "choice" }, h("input", { type: "radio", name, value: c }), h("span", null, t(`learn.${step.id}.${c}`, numbers))));
    if (step.kind === "number") {
      const box = h("input", { class: "number-answer", id: "number-answer", inputmode: "decimal", autocomplete: "off", "aria-label": t("your_number") });
      answer = () => (box.value.trim() === "" || !Number.isFinite(Number(box.value.replace(",", "."))) ? null : Number(box.value.replace(",", ".")));
      inputs = [box];
    }
    const next = h("button", { class: "button", type: "button", id: "next-step", hidden: this.at + 1 >= this.steps.length, on: { click: () => this.go(this.at + 1) } }, t("next_step"));
    const check = async () => {
      const value = answer();
      if (value === null) return this.tell(said, null, t("answer_first"));
      try {
        const judged = await post("/api/learn/check", { step: step.id, answer: value, given: this.exhibit.given() });
        if (judged.right) this.done.add(step.id);
        this.nav();
        const filled = { ...numbers, ...words(judged.numbers), answer: typeof value === "number" ? short(value) : t(`learn.${step.id}.${value}`, numbers) };
        this.tell(said, judged.right, this.explain(step, judged, filled));
        next.classList.toggle("main", judged.right);
      } catch (refusal) {
        this.tell(said, false, told(refusal));
      }
    };
    const form = h("form", { on: { submit: (e) => (e.preventDefault(), check()) } },
      h("fieldset", null, h("legend", null, t(`learn.${step.id}.question`, numbers)), inputs),
      h("div", { class: "bar" }, h("button", { class: "button main", id: "check" }, t("check")), next), said);
    return h("section", { class: "card question" }, form);
  }

  /** The explanation: of the program's key if the page has words for it, else of right and wrong. */
  explain(step, judged, numbers) {
    const keys = [`learn.${step.id}.said.${judged.key}`, `learn.${step.id}.${judged.right ? "right" : "wrong"}`];
    return t(keys.find(has) ?? keys[1], numbers);
  }

  tell(box, right, text) {
    box.hidden = false;
    box.className = `verdict ${right === null ? "" : right ? "good" : "bad"}`;
    box.dataset.right = String(right);
    box.replaceChildren(right === null ? "" : h("b", null, t(right ? "right" : "not_yet")), h("p", null, text));
    announce(`${right === null ? "" : t(right ? "right" : "not_yet")}. ${text}`);
  }
}

/** Numbers as words for the texts. */
function words(numbers) {
  return Object.fromEntries(Object.entries(numbers ?? {}).map(([k, v]) => [k, typeof v === "number" || v === null ? short(v) : v]));
}
