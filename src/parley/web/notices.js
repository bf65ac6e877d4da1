/** Sentences that pass: shown in a corner, told to screen readers. */
import { el, glyph } from "./dom.js";

const MOST_SHOWN = 3;
const SHOWN_MS = 12_000;

/**
 * Show and announce a sentence; one that is shown already is not shown twice.
 * @param {string} sentence
 * @param {"info" | "error"} [tone]
 */
export function notice(sentence, tone = "info") {
  const place = /** @type {HTMLElement} */ (document.getElementById("notices"));
  for (const shown of [...place.children]) {
    if (shown.firstElementChild?.textContent === sentence) shown.remove();
  }
  while (place.children.length >= MOST_SHOWN) place.firstElementChild?.remove();
  const close = el("button", { type: "button", tLabel: "close", onclick: () => box.remove() }, glyph("close"));
  const box = el("div", { className: `notice ${tone}` }, el("span", {}, sentence), close);
  place.append(box);
  setTimeout(() => box.remove(), SHOWN_MS);
}

/**
 * Tell a screen reader, when it has finished what it says.
 * @param {string} sentence
 */
export function announce(sentence) {
  const place = /** @type {HTMLElement} */ (document.getElementById("announcer"));
  // The same words twice would be silent the second time.
  place.textContent = place.textContent === sentence ? `${sentence}\u00a0` : sentence;
}
