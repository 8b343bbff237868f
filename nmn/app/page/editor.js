// Editing a scene: shapes lie over the picture as buttons that can be dragged, moved by keys, recoloured and deleted.

import { by, fill, make, place } from "./elements.js";

const STEP = 1, LARGE_STEP = 5, MOST_UNDO = 100;
let scene = null, preset = null, chosen = -1, undone = [], changed = () => {};

// `tell()` is called after every change of the scene, with whether the change is still going on (a drag).
export function wireEditor(tell) {
  changed = tell;
  by("delete").addEventListener("click", remove);
  by("duplicate").addEventListener("click", duplicate);
  by("undo").addEventListener("click", undo);
}

// Lets a scene be edited; `style` is the preset that says which values its shapes may have. None: nothing to edit.
export function edit(newScene, style) {
  scene = newScene;
  preset = style;
  chosen = -1;
  undone = [];
  by("editor").hidden = scene === null;
  overlay();
}

export const scene_now = () => scene;

function overlay() {
  for (const shape of document.querySelectorAll(".shape")) shape.remove();
  if (scene !== null) scene.objects.forEach((thing, at) => { if (named(thing)) by("stage").append(button(thing, at)); });
  toolbar();
}

const named = (thing) => Object.values(thing.attributes).join(" ");

function button(thing, at) {
  const shape = make("button", { type: "button", className: "shape", id: `shape-${at}`, "aria-pressed": "false",
    "aria-label": `${named(thing)}, shape ${at}`, title: named(thing) });
  put(shape, thing);
  shape.addEventListener("focus", () => choose(at));
  shape.addEventListener("click", () => choose(at));
  shape.addEventListener("keydown", (event) => onKey(event, at));
  shape.addEventListener("pointerdown", (event) => drag(event, shape, at));
  return shape;
}

function put(shape, thing) {
  const [left, top, right, bottom] = thing.box, across = 100 / scene.width, down = 100 / scene.height;
  place(shape, left * across, top * down, (right - left) * across, (bottom - top) * down, "%");
}

function choose(at) {
  chosen = at;
  for (const shape of document.querySelectorAll(".shape")) {
    shape.setAttribute("aria-pressed", String(shape.id === `shape-${at}`));
  }
  toolbar();
}

function drag(event, shape, at) {
  event.preventDefault();
  shape.focus();
  remember();
  shape.setPointerCapture(event.pointerId);
  const stage = by("stage").getBoundingClientRect(), start = scene.objects[at].box;
  const move = (now) => {
    const x = (now.clientX - event.clientX) * scene.width / stage.width;
    const y = (now.clientY - event.clientY) * scene.height / stage.height;
    moveTo(at, start, x, y, true);
  };
  const stop = () => {
    shape.removeEventListener("pointermove", move);
    shape.removeEventListener("pointerup", stop);
    shape.removeEventListener("pointercancel", stop);
    changed(false);
  };
  shape.addEventListener("pointermove", move);
  shape.addEventListener("pointerup", stop);
  shape.addEventListener("pointercancel", stop);
}

// Moves a shape's box from `start`, kept inside its panel.
function moveTo(at, start, x, y, dragging) {
  const thing = scene.objects[at], [left, top, right, bottom] = start;
  const [low, high, far, deep] = scene.panels?.[thing.panel ?? 0] ?? [0, 0, scene.width, scene.height];
  const dx = Math.min(Math.max(x, low - left), far - right), dy = Math.min(Math.max(y, high - top), deep - bottom);
  const whole = (side) => Math.round(4 * side) / 4;
  replace(at, { ...thing, box: [whole(left + dx), whole(top + dy), whole(right + dx), whole(bottom + dy)] });
  put(by(`shape-${at}`), scene.objects[at]);
  changed(dragging);
}

function replace(at, thing) {
  scene = { ...scene, objects: scene.objects.map((other, place_) => (place_ === at ? thing : other)) };
}

function onKey(event, at) {
  const step = event.shiftKey ? LARGE_STEP : STEP;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  if (event.key in moves) {
    event.preventDefault();
    remember();
    moveTo(at, scene.objects[at].box, ...moves[event.key], false);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    remove();
  } else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    undo();
  }
}

function remove() {
  if (chosen < 0 || scene === null) return;
  remember();
  const gone = chosen;
  scene = { ...scene, objects: scene.objects.filter((_, at) => at !== gone), ...without(gone) };
  chosen = -1;
  overlay();
  by(`shape-${Math.min(gone, scene.objects.length - 1)}`)?.focus();
  changed(false);
}

// The relations that a scene gives list objects by number, so they follow when one goes or comes.
function without(gone) {
  if (!scene.relations) return {};
  const renumbered = (row) => row.filter((at) => at !== gone).map((at) => at - (at > gone));
  const entries = Object.entries(scene.relations).map(
    ([name, rows]) => [name, rows.filter((_, at) => at !== gone).map(renumbered)]);
  return { relations: Object.fromEntries(entries) };
}

function duplicate() {
  if (chosen < 0) return;
  remember();
  const thing = scene.objects[chosen], at = scene.objects.length;
  const relations = scene.relations && Object.fromEntries(
    Object.entries(scene.relations).map(([name, rows]) => [name, [...rows, []]]));
  scene = { ...scene, objects: [...scene.objects, { ...thing }], ...(relations ? { relations } : {}) };
  overlay();
  const [left, top, right] = thing.box, room = right + 4 <= scene.width ? 4 : -4;
  moveTo(at, thing.box, room, top >= 4 ? -4 : 4, true);
  by(`shape-${at}`).focus();
  changed(false);
}

function remember() {
  undone.push(scene);
  if (undone.length > MOST_UNDO) undone.shift();
  by("undo").disabled = false;
}

function undo() {
  if (!undone.length) return;
  scene = undone.pop();
  chosen = -1;
  overlay();
  changed(false);
}

// One list of values for each attribute of the chosen shape that can be changed without drawing another outline.
function toolbar() {
  const thing = scene?.objects[chosen];
  for (const id of ["delete", "duplicate"]) by(id).disabled = thing === undefined;
  by("undo").disabled = undone.length === 0;
  const changes = by("changes"), focused = document.activeElement?.id;
  if (thing === undefined) {
    changes.replaceChildren(make("span", { className: "quiet", textContent: "No shape is chosen" }));
    return;
  }
  const lists = ["color", "texture", "size"].filter((name) => name in thing.attributes && preset?.values[name]?.length > 1);
  changes.replaceChildren(...lists.map((name) => list(name, thing)));
  if (focused?.startsWith("change-")) by(focused)?.focus();
}

function list(name, thing) {
  const select = make("select", { id: `change-${name}` });
  fill(select, preset.values[name], thing.attributes[name]);
  select.addEventListener("change", () => { remember(); change(name, select.value); });
  return make("label", {}, name, select);
}

function change(name, value) {
  const thing = scene.objects[chosen], at = chosen, old = thing.attributes[name];
  const box = name === "size" ? resized(thing.box, preset.size_px[value] / preset.size_px[old]) : thing.box;
  replace(at, { ...thing, attributes: { ...thing.attributes, [name]: value }, box });
  overlay();
  choose(at);
  changed(false);
}

function resized([left, top, right, bottom], times) {
  if (!Number.isFinite(times)) return [left, top, right, bottom];
  const x = (left + right) / 2, y = (top + bottom) / 2, half = [(right - left) * times / 2, (bottom - top) * times / 2];
  return [x - half[0], y - half[1], x + half[0], y + half[1]];
}
