// Making elements. Text is always set as text, so nothing that comes from outside is ever read as markup.

export const by = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function fill(select, names, chosen) {
  select.replaceChildren(...names.map((name) => make("option", { value: name, textContent: name })));
  if (chosen !== undefined) select.value = chosen;
}

// Sets places by the style object, which a strict content policy allows where style attributes are not.
export function place(element, left, top, width, height, unit = "px") {
  Object.assign(element.style, {
    left: left + unit, top: top + unit, width: width + unit, height: height + unit,
  });
}

export const percent = (share) => (share >= 0.9995 ? "100" : (100 * share).toPrecision(3).replace(/\.?0+$/, "")) + " %";
