// Light or dark: as the system says, until the button says otherwise.

import { by } from "./elements.js";

const KEY = "nmn-theme";

export function wireTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  apply(localStorage.getItem(KEY) ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => { if (!localStorage.getItem(KEY)) apply(dark.matches ? "dark" : "light"); });
  by("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, theme);
    apply(theme);
  });
}

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  by("theme").setAttribute("aria-pressed", String(theme === "dark"));
}
