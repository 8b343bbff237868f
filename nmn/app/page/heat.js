// Attention on a picture: what is attended keeps its colours and gets a warm frame, everything else fades.

const PAPER = 236, FADE = 0.78, WARM = "rgb(255 120 0)", NUMBER_PX = 22;

// What heat maps of one answer share: its picture, the faded one, and which region each pixel belongs to.
export async function seen(answer) {
  const image = new Image();
  image.src = answer.picture.png;
  await image.decode();
  const { width, height } = answer.picture;
  const across = width / answer.image.width, down = height / answer.image.height;
  const shown = ([left, top, right, bottom]) => [left * across, top * down, right * across, bottom * down];
  return { image, width, height, faded: faded(image, width, height), owners: spread(answer.owners), shown,
    boxes: answer.regions.map((region) => shown(region.box)), panels: answer.panels.map(shown) };
}

export function isSet(step) {
  return step.kind === "attention" || step.kind === "panels";
}

// Paints a step over the picture, with its regions framed unless it says otherwise. `numbered`: regions that are
// attended carry their numbers.
export function paint(canvas, view, step, width, numbered = false) {
  const scale = width / view.width;
  canvas.width = Math.round(width);
  canvas.height = Math.max(1, Math.round(view.height * scale));
  const context = canvas.getContext("2d");
  if (!isSet(step)) {
    context.drawImage(view.image, 0, 0, canvas.width, canvas.height);
    return;
  }
  context.drawImage(view.faded, 0, 0, canvas.width, canvas.height);
  const boxes = step.kind === "panels" ? view.panels : view.boxes;
  context.drawImage(kept(view, step, boxes, canvas), 0, 0);
  if (step.framed ?? true) frame(context, boxes, step, scale, numbered);
}

export function outline(canvas, view, boxes, color) {
  const context = canvas.getContext("2d"), scale = canvas.width / view.width;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  for (const [left, top, right, bottom] of boxes.map(view.shown)) {
    context.strokeRect(left * scale - 3, top * scale - 3, (right - left) * scale + 6, (bottom - top) * scale + 6);
  }
  context.setLineDash([]);
}

function faded(image, width, height) {
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height), data = pixels.data;
  for (let at = 0; at < data.length; at += 4) {
    const grey = (data[at] + data[at + 1] + data[at + 2]) / 3, faint = (1 - FADE) * grey + FADE * PAPER;
    data[at] = data[at + 1] = data[at + 2] = faint;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function spread(owners) {
  if (owners === null) return null;
  const of = new Uint8Array(owners.width * owners.height);
  for (let run = 0, at = 0; run < owners.runs.length; run += 2) {
    of.fill(owners.runs[run], at, at += owners.runs[run + 1]);
  }
  return { width: owners.width, height: owners.height, of };
}

// Returns the picture, as opaque as each place is attended.
function kept(view, step, boxes, canvas) {
  const layer = new OffscreenCanvas(canvas.width, canvas.height), context = layer.getContext("2d");
  if (view.owners === null || step.kind === "panels") {
    const scale = canvas.width / view.width;
    const order = boxes.map((_, at) => at).sort((one, other) => step.raw[one] - step.raw[other]);
    for (const at of order) {
      const [left, top, right, bottom] = boxes[at].map((side) => side * scale);
      context.globalAlpha = step.raw[at] ?? 0;
      context.fillRect(left, top, right - left, bottom - top);
    }
    context.globalAlpha = 1;
  } else {
    context.drawImage(mask(view.owners, step.raw), 0, 0, canvas.width, canvas.height);
  }
  context.globalCompositeOperation = "source-in";
  context.drawImage(view.image, 0, 0, canvas.width, canvas.height);
  return layer;
}

function mask(owners, raw) {
  const canvas = new OffscreenCanvas(owners.width, owners.height), context = canvas.getContext("2d");
  const pixels = context.createImageData(owners.width, owners.height);
  const alpha = [0, ...raw.map((weight) => Math.round(255 * weight))];
  owners.of.forEach((owner, at) => { pixels.data[4 * at + 3] = alpha[owner] ?? 0; });
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function frame(context, boxes, step, scale, numbered) {
  const wide = Math.max(1.5, context.canvas.width * 0.012);
  context.lineWidth = wide;
  boxes.forEach((box, at) => {
    const weight = step.raw[at] ?? 0;
    if (weight < 0.02) return;
    const [left, top, right, bottom] = box.map((side) => side * scale);
    context.globalAlpha = weight;
    context.strokeStyle = WARM;
    context.strokeRect(left - wide / 2, top - wide / 2, right - left + wide, bottom - top + wide);
    if (numbered && weight > 0.5) number(context, String(at), left, top);
  });
  context.globalAlpha = 1;
}

function number(context, words, left, top) {
  context.font = `bold ${NUMBER_PX}px system-ui, sans-serif`;
  const width = context.measureText(words).width + 12, x = Math.max(0, left - 4), y = Math.max(0, top - NUMBER_PX - 8);
  context.fillStyle = WARM;
  context.fillRect(x, y, width, NUMBER_PX + 6);
  context.fillStyle = "#000";
  context.fillText(words, x + 6, y + NUMBER_PX);
}
