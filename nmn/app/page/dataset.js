// A dataset's results as a table, whose cells open the examples that they count.

import { call } from "./api.js";
import { by, make } from "./elements.js";

const POLL_MS = 2000;
const OUTCOMES = { right: "right", wrong: "wrong", unread: "not read", disagree: "some call not as exactly" };
let filter = {}, offset = 0, run = "", open = () => {}, waits = false;

// `show(example, run)` is called where an example is chosen, with who answered it.
export async function wireDataset(show) {
  open = show;
  by("dataset-panel").hidden = false;
  by("more").addEventListener("click", () => list(false));
  await refresh();
  list(true);
}

async function refresh() {
  const table = await call("/api/dataset").catch(() => null);
  if (table === null) return;
  run = table.run;
  const done = table.asked < table.examples ? `${table.asked} of ${table.examples} asked so far` : `${table.examples} asked`;
  by("dataset-about").textContent = `${table.title}. Examples: ${done}, answered by ${table.run}.`;
  by("results").replaceChildren(
    make("thead", {}, make("tr", {}, ...["family", "examples", ...Object.values(OUTCOMES)].map(
      (name, at) => make("th", { textContent: name, scope: "col", className: at ? "figure" : "" })))),
    make("tbody", {}, ...table.rows.map(row), row(total(table.rows))));
  if (table.asked < table.examples) setTimeout(refresh, POLL_MS);
  else if (waits) list(true);
}

function total(rows) {
  const whole = { family: null, examples: 0 };
  for (const one of rows) {
    whole.examples += one.examples;
    for (const outcome of Object.keys(OUTCOMES)) whole[outcome] = (whole[outcome] ?? 0) + one[outcome];
  }
  return whole;
}

function row(one) {
  const name = one.family ?? "all";
  const cells = [["", one.examples], ...Object.keys(OUTCOMES).map((outcome) => [outcome, one[outcome] ?? 0])];
  return make("tr", {}, make("th", { textContent: name, scope: "row" }), ...cells.map(([outcome, count]) => {
    const button = make("button", { type: "button", textContent: count,
      "aria-label": `${count} ${outcome ? OUTCOMES[outcome] : "examples"} of ${name}: show them` });
    button.addEventListener("click", () => {
      filter = { ...(one.family === null ? {} : { family: one.family }), ...(outcome ? { outcome } : {}) };
      list(true).then(() => by("examples-title").scrollIntoView({ block: "nearest" }));
    });
    return make("td", { className: "figure" }, button);
  }));
}

async function list(anew) {
  offset = anew ? 0 : offset;
  const found = await call(`/api/dataset/examples?${new URLSearchParams({ ...filter, offset })}`);
  if (anew) by("examples").replaceChildren();
  const of = filter.family ?? "all families";
  by("examples-title").textContent = `${found.total} examples: ${of}${filter.outcome ? `, ${OUTCOMES[filter.outcome]}` : ""}`;
  by("examples").append(...found.examples.map(item));
  waits = found.examples.some(unasked) || (waits && !anew);
  offset += found.examples.length;
  by("more").hidden = offset >= found.total;
}

// Whether an example has no answer yet; the list is made anew once every example was asked.
function unasked(example) {
  return example.error === null && example.said === null;
}

function item(example) {
  const said = example.error ?? (unasked(example) ? "not asked yet" : `said ${example.said}`);
  const recorded = example.answer === null ? "" : `recorded ${example.answer}, `;
  const button = make("button", { type: "button", className: "example" }, `${example.number}. ${example.question} `,
    make("small", { className: unasked(example) || (example.outcome === "right" && example.agrees !== false) ? "quiet" : "careful",
      textContent: `(${recorded}${said}${example.agrees === false ? ", some call not as exactly" : ""})` }));
  button.addEventListener("click", () => open(example, run));
  return make("li", {}, button);
}
