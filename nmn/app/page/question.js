// The question: completion of what the grammar lets come next, and what is wrong under the word as it is typed.

import { call, oneAtATime } from "./api.js";
import { by, make } from "./elements.js";

const PAUSE_MS = 60;
let options = [], active = -1, timer = 0, context = () => ({}), quiet = false;

// `about()` says what the question is read with; `submit()` asks it.
export function wireQuestion(about, submit) {
  context = about;
  const input = by("question");
  input.addEventListener("input", () => { quiet = false; clearTimeout(timer); timer = setTimeout(help, PAUSE_MS); mark(null); });
  input.addEventListener("keydown", onKey);
  input.addEventListener("scroll", () => { by("marks").scrollLeft = input.scrollLeft; });
  input.addEventListener("focus", () => { quiet = false; help(); });
  input.addEventListener("blur", () => setTimeout(close, 150));
  by("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    quiet = true;
    clearTimeout(timer);
    close();
    submit();
  });
}

export function setQuestion(text) {
  by("question").value = text;
  quiet = true;
  mark(null);
  by("question-problem").textContent = "";
}

// Shows what is wrong with the question under the words at fault, with a caret.
export function showProblem(error) {
  const question = by("question").value;
  if (error.start === undefined || error.start === null) {
    by("question-problem").textContent = error.message;
    return;
  }
  mark(error);
  const width = Math.max(1, error.end - error.start), first = Math.max(0, error.start - 50);
  const lines = [error.message, `  ${question.slice(first, error.end + 25)}`,
    `  ${" ".repeat(error.start - first)}${"^".repeat(width)}`];
  if (error.expected?.length) lines.push(`what could come here: ${error.expected.join(", ")}`);
  by("question-problem").replaceChildren(lines.join("\n"));
  if (error.suggestion) by("question-problem").append("\n", suggestion(error.suggestion));
}

export function clearProblem() {
  mark(null);
  by("question-problem").textContent = "";
}

function suggestion(text) {
  const button = make("button", { type: "button", textContent: `Ask instead: ${text}` });
  button.addEventListener("click", () => { setQuestion(text); by("ask").requestSubmit(); });
  return button;
}

const help = oneAtATime(async () => {
  const input = by("question"), typed = input.value;
  let found;
  try {
    found = await call("/api/parse", { question: typed, ...context() });
  } catch (error) {
    showProblem(error.details);
    return;
  }
  if (input.value !== typed) { setTimeout(help, 0); return; }
  if (quiet || document.activeElement !== input) return;
  show(found.completions);
  // a question that is not at its end yet is no mistake; one whose words are wrong before its end is
  const early = found.problem !== null && found.problem.start < typed.trimEnd().length &&
    !(found.completions.length && found.completions[0].start <= found.problem.start);
  if (early) showProblem(found.problem);
  else clearProblem();
});

function show(completions) {
  options = completions;
  active = -1;
  const list = by("completions");
  list.replaceChildren(...completions.map((one, at) => {
    const item = make("li", { id: `completion-${at}`, role: "option", "aria-selected": "false",
      className: one.known ? "" : "unlearned" },
      one.text, make("small", { textContent: one.known ? one.group : `${one.group}, not learned by the network` }));
    item.addEventListener("pointerdown", (event) => { event.preventDefault(); accept(at); });
    return item;
  }));
  open(completions.length > 0);
}

function open(visible) {
  by("completions").hidden = !visible;
  by("question").setAttribute("aria-expanded", String(visible));
  if (!visible) { active = -1; by("question").removeAttribute("aria-activedescendant"); }
}

const close = () => open(false);

function onKey(event) {
  if (by("completions").hidden) {
    if (event.key === "ArrowDown") { event.preventDefault(); quiet = false; help(); }
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) {
    event.preventDefault();
    accept(active);
  } else if (event.key === "Escape") {
    event.preventDefault();
    close();
  }
}

function move(by_) {
  const items = by("completions").children;
  active = (active + by_ + items.length + (active < 0 && by_ < 0 ? 1 : 0)) % items.length;
  for (const [at, item] of [...items].entries()) item.setAttribute("aria-selected", String(at === active));
  items[active].scrollIntoView({ block: "nearest" });
  by("question").setAttribute("aria-activedescendant", `completion-${active}`);
}

function accept(at) {
  const input = by("question"), one = options[at];
  const before = input.value.slice(0, one.start);
  input.value = `${before}${before && !/\s$/.test(before) ? " " : ""}${one.text} `;
  input.focus();
  input.dispatchEvent(new Event("input"));
}

function mark(error) {
  const marks = by("marks"), text = by("question").value;
  if (error === null) { marks.replaceChildren(); return; }
  const end = Math.max(error.end, error.start + 1);
  marks.replaceChildren(text.slice(0, error.start), make("mark", { textContent: text.slice(error.start, end) || " " }));
  marks.scrollLeft = by("question").scrollLeft;
}
