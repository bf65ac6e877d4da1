/** What the visitor chose of theme and language; kept in this browser. */
import { glyph } from "./dom.js";
import * as i18n from "./i18n.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * @param {string} key
 * @param {string} value
 */
function keep(key, value) {
  try {
    localStorage.setItem(`parley.${key}`, value);
  } catch { /* forbidden: it holds until the page is left */ }
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
}

/** Bring the button of the theme to life. */
export function followTheme() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("theme"));
  const draw = () => {
    button.replaceChildren(glyph(isDark() ? "sun" : "moon"));
    button.dataset.tLabel = isDark() ? "theme.to.light" : "theme.to.dark";
    i18n.write(/** @type {ParentNode} */ (button.parentNode));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep("theme", root.dataset.theme);
    draw();
  });
  dark.addEventListener("change", draw);
  draw();
}

/**
 * Bring the button of the language to life, and write every word.
 * @param {() => void} changed
 */
export function followLanguage(changed) {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("language"));
  const draw = () => {
    const other = i18n.language() === "zh" ? "en" : "zh";
    root.lang = i18n.language() === "zh" ? "zh-Hans" : "en";
    button.textContent = other === "zh" ? "中文" : "English";
    button.lang = other === "zh" ? "zh-Hans" : "en";
    i18n.write(document);
    changed();
  };
  button.addEventListener("click", () => {
    i18n.speak(i18n.language() === "zh" ? "en" : "zh");
    keep("language", i18n.language());
    draw();
  });
  i18n.speak(root.lang.startsWith("zh") ? "zh" : "en");
  draw();
}
