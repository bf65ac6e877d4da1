/**
 * What the page says, in every language it speaks. A room of the page adds its words by `add(words)`; elements
 * made with `data-t="key"` (text), `data-t-label` (aria-label and tooltip) or `data-t-placeholder` follow a change of language.
 *
 * @typedef {"en" | "zh"} Language
 * @typedef {Record<Language, Record<string, string>>} Words
 * @typedef {Record<string, string | number>} Values
 */
import { words as shell } from "./words.js";

/** @type {readonly Language[]} */
export const LANGUAGES = ["en", "zh"];

/** @type {Words} */
const known = { en: {}, zh: {} };
/** @type {Language} */
let chosen = "en";
/** @type {Set<() => void>} */
const followers = new Set();

add(shell);

/** @param {Words} words */
export function add(words) {
  for (const language of LANGUAGES) Object.assign(known[language], words[language]);
}

/** The language the page speaks. */
export function language() {
  return chosen;
}

/** @param {Language} next */
export function speak(next) {
  chosen = next;
  for (const follower of followers) follower();
}

/**
 * Be told when the language changes; gives what ends that.
 * @param {() => void} follower
 */
export function follow(follower) {
  followers.add(follower);
  return () => void followers.delete(follower);
}

/**
 * The words of a key; `{name}` in them is replaced. A key that nobody knows is shown as it is.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function t(key, values) {
  const text = known[chosen][key] ?? known.en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : text;
}

/** Whether there are words for a key. @param {string} key */
export function has(key) {
  return key in known[chosen];
}

/**
 * Write the words of every element below this one.
 * @param {ParentNode} root
 */
export function write(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-t]"))) {
    element.textContent = t(element.dataset.t ?? "");
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-t-label]"))) {
    const text = t(element.dataset.tLabel ?? "");
    element.setAttribute("aria-label", text);
    if (element.tagName === "BUTTON") element.title = text;
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-t-placeholder]"))) {
    element.setAttribute("placeholder", t(element.dataset.tPlaceholder ?? ""));
  }
}
