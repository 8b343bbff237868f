// One step large: its attention over the picture, its value, what is exact, and the scale to go through all steps.

import { by, make, percent } from "./elements.js";
import { markStep } from "./graph.js";
import { isSet, outline, paint } from "./heat.js";

const LARGE_PX = 640, BARS = 6, EXACT = "#00a0a0";
let answer = null, view = null;

export function wireSteps() {
  by("step").addEventListener("input", () => showStep(Number(by("step").value)));
  by("previous").addEventListener("click", () => showStep(Number(by("step").value) - 1));
  by("next").addEventListener("click", () => showStep(Number(by("step").value) + 1));
}

// Shows another answer; the step that was chosen stays where the layout is the same.
export function showSteps(newAnswer, newView) {
  const same = answer !== null && answer.layout === newAnswer.layout && answer.calls.length === newAnswer.calls.length;
  const chosen = same ? Number(by("step").value) : firstSeen(newAnswer);
  answer = newAnswer;
  view = newView;
  by("step").max = answer.calls.length - 1;
  showStep(chosen);
}

export function showStep(number) {
  if (answer === null) return;
  const at = Math.min(Math.max(number, 0), answer.calls.length - 1), step = answer.calls[at];
  by("step").value = at;
  by("step").setAttribute("aria-valuetext", `${at + 1} of ${answer.calls.length}: ${step.label}`);
  by("previous").disabled = at === 0;
  by("next").disabled = at === answer.calls.length - 1;
  const canvas = by("attention");
  paint(canvas, view, step, LARGE_PX, true);
  if (step.exact && !step.exact.agrees) outline(canvas, view, step.exact.boxes, EXACT);
  canvas.setAttribute("aria-label", `${step.label}: ${step.value}`);
  by("step-words").replaceChildren(...words(step, at));
  markStep(at);
}

// The last set before the answer says most at a glance.
function firstSeen(of) {
  for (let at = of.calls.length - 1; at >= 0; at--) if (isSet(of.calls[at])) return at;
  return of.calls.length - 1;
}

function words(step, at) {
  const sure = step.confidence === null ? "" : ` (${percent(step.confidence)} sure)`;
  const found = [
    make("p", {}, make("b", { textContent: `${at + 1}. ${step.label}` }), ` = ${step.value}${sure}`),
  ];
  if (step.words?.length) found.push(make("p", { className: "quiet", textContent: `from “${step.words.join("”, “")}”` }));
  if (step.problem) found.push(make("p", { className: "careful", textContent: `careful: ${step.problem}` }));
  if (step.exact) found.push(exactWords(step.exact));
  const bars = isSet(step) ? regionBars(step) : step.kind === "number" && at > 0 ? numberBars(step) : null;
  if (bars) found.push(bars);
  return found;
}

function exactWords(exact) {
  return exact.agrees
    ? make("p", { className: "good", textContent: "✓ the same as exactly" })
    : make("p", { className: "careful", textContent: `✗ exactly: ${exact.text} (dashed)` });
}

function regionBars(step) {
  const name = (at) => (step.kind === "panels" ? `panel ${at}` : answer.neural ? `region ${at}` : `${at}: ${answer.regions[at].name}`);
  const order = step.raw.map((_, at) => at).sort((one, other) => step.raw[other] - step.raw[one]).slice(0, BARS);
  return barsOf(order.map((at) => [name(at), step.raw[at]]));
}

function numberBars(step) {
  const order = step.raw.map((_, at) => at).sort((one, other) => step.raw[other] - step.raw[one]).slice(0, BARS);
  const worth = order.filter((at) => step.raw[at] > 0.001).sort((one, other) => one - other);
  return worth.length > 1 ? barsOf(worth.map((at) => [String(at), step.raw[at]])) : null;
}

export function barsOf(rows) {
  const bars = make("div", { className: "bars" });
  for (const [name, share] of rows) {
    bars.append(make("span", { textContent: name }),
      make("meter", { min: 0, max: 1, value: share, "aria-label": name }),
      make("span", { textContent: percent(share) }));
  }
  return bars;
}
