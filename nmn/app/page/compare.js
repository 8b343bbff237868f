// The same question to every run that was found, each as soon as it has answered.

import { call } from "./api.js";
import { by, make, percent } from "./elements.js";
import { paint, seen } from "./heat.js";

const HEADINGS = ["run", "what it is", "answer", "sure", "every call as exactly", "seconds"];
const FIGURES = ["sure", "seconds"];
// what the share of held-back ones is that a run's card tells
const HELD_BACK = { answer: "right", caption: "of words foreseen", similarity: "of pictures found" };
const TILE_PX = 120;
let round = 0;

// Asks every run about a picture; a newer comparison takes the place of one that is still going on.
export async function compare(runs, question, picture) {
  const mine = ++round;
  const rows = runs.map((run) => [run, row(run)]);
  by("compared").replaceChildren(
    make("caption", { className: "quiet", textContent: `“${question}”` }),
    make("thead", {}, make("tr", {}, ...HEADINGS.map(heading))),
    make("tbody", {}, ...rows.map(([, cells]) => cells)));
  for (const [run, cells] of rows) {
    if (mine !== round) return;
    let found;
    try {
      found = run.does === "answer" ? answered(await call("/api/ask", { question, picture, run: run.name }))
        : await SAYS[run.does](await call("/api/describe", { text: question, picture, run: run.name }));
    } catch (error) {
      found = [make("td", { className: "quiet", colSpan: 4, textContent: error.message })];
    }
    if (mine !== round) return;
    cells.replaceChildren(...[...cells.children].slice(0, 2), ...found);
  }
}

// What runs that answer no questions say, as cells of the table.
const SAYS = {
  similarity: (found) => [
    make("td", {}, make("strong", { textContent: found.chance > 0.5 ? "true of it" : "not true of it" }),
      make("span", { className: "quiet",
        textContent: ` similarity ${found.similarity.toFixed(3)}, of its contradiction ${found.denied.toFixed(3)}` })),
    make("td", { className: "figure", textContent: percent(Math.max(found.chance, 1 - found.chance)) }),
    make("td", { textContent: "–" }), make("td", { className: "figure", textContent: "–" }),
  ],
  caption: async (found) => [
    make("td", { colSpan: 4 }, make("strong", { textContent: found.caption }), await attended(found)),
  ],
};

// The words of a caption, each over what was attended for it, relative to the place that was attended most.
async function attended(found) {
  const view = await seen({ ...found, owners: null, panels: [] });
  return make("div", { className: "captioned" }, ...found.words.slice(0, found.attention.length).map((word, at) => {
    const most = Math.max(...found.attention[at]), raw = found.attention[at].map((weight) => weight / most);
    const canvas = make("canvas", { role: "img", "aria-label": `what was attended for “${word}”` });
    paint(canvas, view, { kind: "attention", raw, framed: false }, TILE_PX);
    return make("figure", {}, canvas, make("figcaption", { textContent: word }));
  }));
}

function row(run) {
  return make("tr", {}, make("th", { textContent: run.name, scope: "row" }), make("td", { textContent: about(run) }),
    make("td", { className: "quiet", colSpan: 4, textContent: "…" }));
}

function heading(name) {
  return make("th", { textContent: name, scope: "col", className: FIGURES.includes(name) ? "figure" : "" });
}

function about(run) {
  const held = run.card.held_back;
  return typeof held === "number" ? `${run.kind}, ${percent(held)} ${HELD_BACK[run.does]} when it was trained` : run.kind;
}

// Whether every call of an answer is as the exact one; null where nothing exact stands beside them.
export function everyCall(answer) {
  const beside = answer.calls.map((step) => step.exact);
  return beside.includes(null) ? null : beside.every((one) => one.agrees);
}

function answered(answer) {
  const exact = { null: "–", true: "✓ yes", false: "✗ no" }[everyCall(answer)];
  const wrong = answer.exact !== null && !answer.exact.agrees;
  return [
    make("td", {}, make("strong", { textContent: answer.answer, className: wrong ? "careful" : "" })),
    make("td", { className: "figure", textContent: answer.confidence === null ? "–" : percent(answer.confidence) }),
    make("td", { textContent: exact, className: exact.startsWith("✗") ? "careful" : "" }),
    make("td", { className: "figure", textContent: answer.seconds.toFixed(3) }),
  ];
}
