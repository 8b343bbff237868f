// The graph of an answer: every call a button with its attention in it, edges in the direction data flows.

import { by, make, percent, place } from "./elements.js";
import { isSet, paint } from "./heat.js";

const SVG = "http://www.w3.org/2000/svg";
let shown = "";

// Shows an answer's graph; `choose(number)` is called where a step is clicked. The same layout keeps its elements.
export function showGraph(answer, view, choose) {
  const key = JSON.stringify(answer.graph) + answer.calls.map((step) => step.label);
  if (key !== shown) build(answer, choose);
  shown = key;
  answer.calls.forEach((step, at) => update(by(`node-${at}`), step, view, answer.graph.nodes[at], at, answer));
}

export function markStep(number) {
  for (const node of document.querySelectorAll(".node")) {
    node.setAttribute("aria-pressed", String(node.id === `node-${number}`));
  }
}

function build(answer, choose) {
  const space = make("div", { id: "graph-space" });
  space.style.width = `${answer.graph.width + 12}px`;
  space.style.height = `${answer.graph.height + 8}px`;
  space.append(edges(answer.graph));
  answer.calls.forEach((step, at) => {
    const node = answer.graph.nodes[at];
    const button = make("button", { id: `node-${at}`, type: "button", className: `node ${step.kind}`,
      "aria-pressed": "false" });
    button.append(make("b", { textContent: step.label, title: step.label }));
    if (isSet(step)) button.append(make("canvas", { width: 1, height: 1, "aria-hidden": "true" }));
    button.append(make("span", { className: isSet(step) ? "" : "value" }), make("span", { className: "sure quiet" }));
    if (at === answer.calls.length - 1) button.classList.add("root");
    place(button, node.x, node.y, node.width, node.height);
    button.addEventListener("click", () => choose(at));
    space.append(button);
  });
  by("graph").replaceChildren(space);
}

function update(button, step, view, node, at, answer) {
  const [words, sure] = button.querySelectorAll("span");
  words.textContent = isSet(step) ? listed(step) : step.in_panels.length ? step.in_panels.join(" · ") : step.value;
  words.title = step.value;
  sure.textContent = step.confidence === null ? "" : percent(step.confidence);
  const wrong = step.exact !== null && !step.exact.agrees;
  button.classList.toggle("wrong", wrong);
  button.setAttribute("aria-label", `Step ${at + 1} of ${answer.calls.length}: ${step.label}, ${step.value}` +
    (wrong ? `; exactly it is ${step.exact.text}` : ""));
  const canvas = button.querySelector("canvas");
  if (canvas) {
    const ratio = window.devicePixelRatio || 1;
    paint(canvas, view, step, node.picture[0] * ratio);
    canvas.style.width = `${node.picture[0]}px`;
    canvas.style.height = `${node.picture[1]}px`;
  }
}

function listed(step) {
  const name = step.kind === "panels" ? "panel" : "region";
  if (!step.members.length) return "none";
  return `${name}${step.members.length > 1 ? "s" : ""} ${step.members.join(", ")}`;
}

function edges(graph) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", graph.width + 12);
  svg.setAttribute("height", graph.height + 8);
  svg.setAttribute("aria-hidden", "true");
  svg.append(arrow());
  for (const edge of graph.edges) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", curve(edge.points));
    path.setAttribute("marker-end", "url(#arrow)");
    svg.append(path);
  }
  return svg;
}

function arrow() {
  const marker = document.createElementNS(SVG, "marker"), tip = document.createElementNS(SVG, "path");
  const sides = { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" };
  for (const [name, value] of Object.entries(sides)) marker.setAttribute(name, value);
  tip.setAttribute("d", "M0 0L8 4L0 8z");
  marker.append(tip);
  return marker;
}

// A path that is level at every point.
function curve(points) {
  return points.map(([x, y], at) => {
    if (at === 0) return `M${x} ${y}`;
    const [from, level] = points[at - 1], middle = (from + x) / 2;
    return `C${middle} ${level} ${middle} ${y} ${x} ${y}`;
  }).join("");
}
