// The page: what is looked at, what is asked, and the answer shown in all its places.

import { base64, call, oneAtATime } from "./api.js";
import { compare, everyCall } from "./compare.js";
import { wireDataset } from "./dataset.js";
import { edit, scene_now, wireEditor } from "./editor.js";
import { by, fill, make, percent } from "./elements.js";
import { showGraph } from "./graph.js";
import { seen } from "./heat.js";
import { clearProblem, setQuestion, showProblem, wireQuestion } from "./question.js";
import { barsOf, showStep, showSteps, wireSteps } from "./step.js";
import { wireTheme } from "./theme.js";

const FIRST = { picture: "demo", question: "What color is the large shape left of the star?" };
const AUTOMATIC = "what suits the picture", COMPARE_AFTER_MS = 400, SHOWN_CHANCES = 4;

// what is looked at: the picture as a request names it, the language of questions about it, who answers by default
const now = { models: null, picture: null, style: null, grammar: "world", run: "world", dragging: false, version: 0 };
let comparing = 0;

async function start() {
  wireTheme();
  now.models = await call("/api/models");
  fill(by("run"), [AUTOMATIC, ...now.models.runs.filter((run) => run.does === "answer").map((run) => run.name)]);
  fill(by("bundled"), ["", ...now.models.pictures]);
  fill(by("preset"), now.models.presets.map((preset) => preset.name), "world");
  by("question").maxLength = now.models.limits.question_characters;
  by("run").addEventListener("change", ask);
  by("bundled").addEventListener("change", () => { if (by("bundled").value) look({ bundled: by("bundled").value }); });
  by("upload").addEventListener("change", upload);
  by("generate").addEventListener("submit", (event) => { event.preventDefault(); generate(); });
  by("another").addEventListener("click", () => { by("seed").value = Number(by("seed").value) + 1; generate(); });
  by("compare").addEventListener("toggle", compareSoon);
  wireQuestion(() => (by("run").value === AUTOMATIC ? { grammar: now.grammar, run: now.run } : { run: by("run").value }), ask);
  wireEditor(onEdit);
  wireSteps();
  setQuestion(FIRST.question);
  await look({ bundled: FIRST.picture });
  by("bundled").value = FIRST.picture;
  if (now.models.dataset) wireDataset(openExample);
  document.body.dataset.ready = "yes";
}

// Looks at another picture, and asks the question that is there about it.
async function look(picture, question) {
  const mine = ++now.version;
  by("picture-problem").textContent = "";
  by("stage").setAttribute("aria-busy", "true");
  let found;
  try {
    found = await (picture.scene ? call("/api/scene", picture.scene) : call("/api/picture", picture));
  } catch (error) {
    if (mine === now.version) by("picture-problem").textContent = error.message;
    return;
  } finally {
    if (mine === now.version) by("stage").setAttribute("aria-busy", "false");
  }
  if (mine !== now.version) return;
  now.picture = picture.scene ? { scene: { ...picture.scene, scene: found.scene } } : picture;
  Object.assign(now, { style: found.preset, grammar: found.grammar, run: found.run });
  if (!picture.bundled) by("bundled").value = "";
  if (picture.upload === undefined) by("upload").value = "";
  show(found.picture, found.scene);
  edit(found.scene, now.models.presets.find((preset) => preset.name === (found.preset ?? found.scene?.world)) ?? null);
  if (question ?? found.question) setQuestion(question ?? found.question);
  await ask();
}

function show(picture, scene) {
  by("picture").src = picture.png;
  const things = scene?.objects.map((thing) => Object.values(thing.attributes).join(" ")).filter(Boolean) ?? [];
  by("picture").alt = things.length ? `A scene of ${things.length} shapes: ${things.join("; ")}` : "The picture";
}

function generate() {
  const seed = Math.min(Math.max(Math.trunc(Number(by("seed").value)) || 0, 0), 2147483647);
  by("seed").value = seed;
  return look({ scene: { preset: by("preset").value, seed } });
}

async function upload() {
  const [file] = by("upload").files;
  if (!file) return;
  const most = now.models.limits.image_bytes;
  if (file.size > most) {
    by("picture-problem").textContent = `${file.name}: ${file.size} bytes, more than ${most}; make the picture smaller`;
    return;
  }
  await look({ upload: base64(await file.arrayBuffer()) });
}

function onEdit(dragging) {
  now.dragging = dragging;
  const old = now.picture.scene ?? {};
  now.picture = { scene: { ...(now.style ? { preset: now.style } : {}), seed: old.seed ?? 0, scene: scene_now() } };
  by("bundled").value = "";
  ask();
}

function openExample(example, run) {
  by("run").value = run;
  by("picture-panel").scrollIntoView({ block: "nearest" });
  look({ example: example.number }, example.question);
}

const ask = oneAtATime(async () => {
  const picture = now.picture, question = by("question").value, version = now.version;
  if (picture === null) return;
  if (!question.trim()) { await repaint(picture); return; }
  const chosen = by("run").value === AUTOMATIC ? {} : { run: by("run").value };
  let answer;
  try {
    answer = await call("/api/ask", { question, picture, ...chosen });
  } catch (error) {
    if (version !== now.version) return;
    if (error.details?.kind === "question") showProblem(error.details);
    else by("picture-problem").textContent = error.message;
    noAnswer();
    await repaint(picture);
    return;
  }
  if (version !== now.version) return;
  const view = await seen(answer);
  clearProblem();
  by("picture-problem").textContent = "";
  show(answer.picture, picture.scene?.scene);
  stale(false);
  showAnswer(answer);
  showGraph(answer, view, showStep);
  showSteps(answer, view);
  compareSoon();
});

// A scene that was edited is painted again also where its question cannot be answered.
async function repaint(picture) {
  if (!picture.scene) return;
  const found = await call("/api/scene", picture.scene).catch(() => null);
  if (found) show(found.picture, found.scene);
}

function noAnswer() {
  by("answer").replaceChildren();
  by("answer-notes").replaceChildren();
  stale(true);
}

// What is still shown of an answer before fades where the question has none.
function stale(is) {
  for (const id of ["graph", "step-panel"]) by(id).classList.toggle("stale", is);
}

function showAnswer(answer) {
  const sure = answer.confidence === null ? "exactly" : `${percent(answer.confidence)} sure`;
  by("answer").replaceChildren("Answer: ", make("strong", { textContent: answer.answer }), " ",
    make("small", { textContent: `(${answer.run}, ${sure}, ${Math.round(1000 * answer.seconds)} ms)` }));
  by("answer-notes").replaceChildren(...notes(answer));
}

function notes(answer) {
  const found = [];
  const note = (text, className = "") => found.push(make("p", { className, textContent: text }));
  if (answer.reading) note(`read as: ${answer.reading}`, "careful");
  for (const problem of answer.problems) note(`careful: ${problem}`, "careful");
  if (answer.exact !== null) {
    const every = everyCall(answer);
    if (!answer.exact.agrees) note(`✗ exactly the answer is ${answer.exact.text}`, "careful");
    else if (every === false) note("the answer is right, but some call is not as it is exactly (dashed)", "careful");
    else note(every ? "✓ every call is as it is exactly" : "✓ the answer is as it is exactly", "good");
  }
  const chances = Object.entries(answer.distribution).sort(([, one], [, other]) => other - one).slice(0, SHOWN_CHANCES);
  if (chances.length > 1) found.push(barsOf(chances));
  if (answer.layout) found.push(make("p", {}, make("code", { textContent: answer.layout })));
  return found;
}

function compareSoon() {
  clearTimeout(comparing);
  if (!by("compare").open || now.dragging || now.picture === null) return;
  comparing = setTimeout(() => compare(now.models.runs, by("question").value, now.picture), COMPARE_AFTER_MS);
}

start();
