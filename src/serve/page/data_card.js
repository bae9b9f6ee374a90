// Step 1 of training: a built-in data set or a dropped CSV, and what is in it.
import { get, upload } from "./api.js";
import { announce, fillSelect, h, say } from "./dom.js";
import { t } from "./i18n.js";
import { short, whole } from "./numbers.js";
import { said, tell, told } from "./said.js";

/** The card; `chosen(data, example)` is called with the description of the data set. */
export class DataCard {
  constructor(chosen) {
    this.chosen = chosen;
    this.list = [];
    this.data = null;
    this.box = h("select", { id: "data", on: { change: () => this.choose(this.box.value) } });
    this.file = h("input", { type: "file", id: "file", class: "silent", accept: ".csv,.tsv,.txt,text/csv", on: { change: () => this.file.files[0] && this.send(this.file.files[0]) } });
    this.drop = h("label", { class: "drop", for: "file" }, h("b", { t: "drop_csv" }), h("span", { t: "drop_private" }));
    this.facts = h("p", { class: "note" });
    this.notices = h("ul", { class: "notices" });
    this.table = h("div", { class: "columns" });
    this.problem = h("p", { class: "problem", hidden: true });
    this.root = h("section", { class: "card" },
      h("h2", null, h("i", { class: "nr" }, "1"), h("span", { t: "data" })),
      h("label", { class: "field" }, h("span", { class: "name" }, h("span", { t: "built_in" })), this.box),
      this.file, this.drop, this.problem, this.facts, this.notices,
      h("details", { open: matchMedia("(min-width: 720px)").matches }, h("summary", { t: "columns" }), this.table));
    for (const event of ["dragenter", "dragover"]) this.drop.addEventListener(event, (e) => (e.preventDefault(), this.drop.classList.add("over")));
    for (const event of ["dragleave", "drop"]) this.drop.addEventListener(event, (e) => (e.preventDefault(), this.drop.classList.remove("over")));
    this.drop.addEventListener("drop", (e) => e.dataTransfer.files[0] && this.send(e.dataTransfer.files[0]));
  }

  /** Fetches the list and opens the data set of this id, or the trial. */
  async open(id) {
    await this.refresh();
    const wanted = this.list.find((d) => d.id === id) ?? this.list.find((d) => d.id.includes("treatment")) ?? this.list[0];
    if (wanted) await this.choose(wanted.id);
  }

  async refresh() {
    this.list = await get("/api/datasets");
    fillSelect(this.box, this.list.map((d) => [d.id, null, d.uploaded ? d.name : d.id.replace(/^@/, "").replaceAll("_", " ")]), this.data?.id);
  }

  async choose(id) {
    await this.take(async () => {
      const data = await get(`/api/data/${encodeURIComponent(id)}`);
      return [data, this.list.find((d) => d.id === id)?.example ?? null];
    });
  }

  async send(file) {
    this.drop.classList.add("busy");
    await this.take(async () => {
      const data = await upload(file);
      await this.refresh();
      return [data, null];
    });
    this.drop.classList.remove("busy");
    this.file.value = "";
  }

  async take(question) {
    tell(this.problem, null);
    try {
      const [data, example] = await question();
      this.data = data;
      this.box.value = data.id;
      this.show();
      this.chosen(data, example);
    } catch (refusal) {
      tell(this.problem, refusal);
      announce(told(refusal));
      if (this.data) this.box.value = this.data.id;
    }
  }

  /** Says again what is in the data, in the language of now. */
  show() {
    const { data } = this;
    if (!data) return;
    say(this.facts, "rows_and_columns", { rows: whole(data.rows), columns: data.columns.length, name: data.name });
    this.facts.dataset.rows = data.rows;
    this.notices.replaceChildren(...(data.notices ?? []).map((n) => h("li", null, said(n))));
    const row = (c) => h("tr", null,
      h("th", { scope: "row" }, c.name),
      h("td", { t: `type_${c.type}` }),
      h("td", { class: c.missing > 0 ? "number some" : "number" }, c.missing > 0 ? whole(c.missing) : "–"),
      h("td", { class: "content" }, content(c), (c.problems ?? []).map((p) => h("span", { class: "flaw" }, said(p)))));
    this.table.replaceChildren(h("table", null,
      h("thead", null, h("tr", null, ["column", "type", "missing", "content"].map((k) => h("th", { scope: "col", t: k })))),
      h("tbody", null, data.columns.map(row))));
  }
}

/** What a column holds, in one line. */
function content(column) {
  if (column.type === "number") return `${short(column.min)} … ${short(column.max)}, ${t("mean")} ${short(column.mean, 3)}`;
  if (column.type === "category") {
    const levels = column.levels ?? [];
    if (levels.length > 1 && levels.every((l) => l.count === 1)) return t("all_different", { n: whole(column.levels_total ?? levels.length) });
    const more = (column.levels_total ?? levels.length) - 4;
    return levels.slice(0, 4).map((l) => `${l.name} ${l.count}`).join(", ") + (more > 0 ? ` ${t("and_more", { n: more })}` : "");
  }
  return "";
}
