// How a training ended: the verdict, the coefficients, the report and its files.
import { announce, h } from "./dom.js";
import { t } from "./i18n.js";
import { short } from "./numbers.js";
import { said, tell, words } from "./said.js";

/** The card below the figures. */
export class Outcome {
  constructor() {
    this.root = h("div", { class: "outcome", id: "train-outcome", hidden: true });
  }

  /** Shows the end of a run; nothing while it has none. */
  show(run) {
    const over = Boolean(run?.over);
    this.root.hidden = !over;
    this.root.replaceChildren();
    if (!over) return;
    if (run.error) {
      return this.root.append(h("div", { class: "verdict bad" }, h("b", null, t("state_failed")), tell(h("p"), run.error)));
    }
    const { end } = run;
    this.root.append(verdict(run), h("section", { class: "card" }, h("h2", { t: "coefficients" }), table(end)), this.files(run));
  }

  files(run) {
    const list = h("div", { class: "files", id: "files" });
    const link = (f) => h("li", null, h("a", { href: `/api/train/${run.id}/files/${encodeURIComponent(f.name)}`, download: f.name }, f.name), " ", h("span", { class: "note" }, size(f.bytes)));
    const show = (files) => list.replaceChildren(
      h("p", null, h("a", { class: "button", id: "report-open", href: `/api/train/${run.id}/report.html`, target: "_blank", rel: "noopener", t: "open_report" })),
      h("ul", null, files.map(link)));
    const button = h("button", { class: "button main", type: "button", id: "report", t: "write_report", on: { click: async () => {
      button.disabled = true;
      list.replaceChildren(h("p", { class: "note", t: "writing_report" }));
      try {
        show(await run.report());
        button.hidden = true;
        announce(t("report_ready"));
      } catch (refusal) {
        list.replaceChildren(tell(h("p", { class: "problem" }), refusal));
        button.disabled = false;
      }
    } } });
    if (run.files) {
      button.hidden = true;
      show(run.files);
    }
    return h("section", { class: "card" }, h("h2", { t: "report" }), h("p", { class: "note", t: "report_lead" }), button, list);
  }
}

/** In words: whether it arrived, what proves it, what to try. */
export function verdict(run) {
  const { end } = run;
  const pace = end.verdict?.pace ?? null;
  const head = t(end.converged ? "arrived" : "stopped_not_arrived");
  const facts = t(end.max_error_in_standard_errors === null ? "end_facts_plain" : "end_facts", {
    i: end.iterations, far: short(end.max_error_in_standard_errors, 3), reason: words(end.stopped_by ?? end.reason),
  });
  const engine = [...new Set([end.verdict?.text, end.certificate, end.converged ? null : end.hint].filter(Boolean))];
  return h("div", { class: `verdict ${end.converged ? "good" : "bad"}`, id: "train-verdict", "data-pace": pace ?? "", "data-converged": String(end.converged) },
    h("b", null, pace && pace !== "about-right" && !end.converged ? `${head}: ${t(`pace_${pace}`)}` : head),
    h("p", null, facts),
    end.separated ? h("p", null, h("span", null, t("separated")), " ", h("span", null, end.separated.join(", "))) : "",
    engine.map((text) => h("p", null, said(text))));
}

function table(end) {
  const odds = end.coefficients.some((c) => c.odds_ratio !== undefined && c.odds_ratio !== null);
  const heads = ["coefficient", "estimate", "std_error", "interval", ...(odds ? ["odds_ratio"] : []), "p_value"];
  const p = (v) => (v === null ? "–" : v < 0.001 ? "< 0.001" : v.toFixed(3));
  const row = (c) => h("tr", null, h("th", { scope: "row" }, c.name), h("td", null, short(c.estimate)), h("td", null, short(c.std_error, 3)),
    h("td", null, c.conf_low === null ? "–" : t("to", { a: short(c.conf_low, 3), b: short(c.conf_high, 3) })),
    odds ? h("td", null, short(c.odds_ratio, 3)) : "", h("td", null, p(c.p_value)));
  return h("div", { class: "wide" }, h("table", { class: "numbers" },
    h("thead", null, h("tr", null, heads.map((k) => h("th", { scope: "col", t: k })))), h("tbody", null, end.coefficients.map(row))));
}

function size(bytes) {
  return bytes < 1e3 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
