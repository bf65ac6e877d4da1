/** Text as it is recognised: in the order of the recording, whatever the order it comes in. */
import { el } from "../dom.js";
import { clock } from "./times.js";

/** @typedef {{index: number, start: number, end: number, text: string}} Told as `task_segment` has it */

export class LiveText {
  /** Numbers that were told, so that nothing is shown twice after a lost line. @type {Set<number>} */
  #known = new Set();
  /** @type {number[]} */
  #starts = [];
  /** Whether the page was moved, to follow what came. */
  hasMoved = false;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.none = el("p", { className: "soft", t: "transcribe.live.none" });
    this.list = el("div", { className: "segments live", role: "list", tLabel: "transcribe.segments" });
    this.element = el("div", { className: "stack" }, el("p", { className: "soft small", t: "transcribe.live" }), this.none, this.list);
  }

  get count() {
    return this.#known.size;
  }

  /** @param {Told} told */
  add({ index, start, text }) {
    if (this.#known.has(index) || !text) return;
    this.#known.add(index);
    this.none.hidden = true;
    const at = place(this.#starts, start);
    this.#starts.splice(at, 0, start);
    const isAtEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 120;
    const row = el("div", { className: "segment", role: "listitem" }, el("span", { className: "time number" }, clock(start)), el("p", { className: "text" }, text));
    this.list.insertBefore(row, this.list.children[at] ?? null);
    // Who reads at the end goes on doing so; who reads above is not disturbed.
    const isLast = at === this.#starts.length - 1 && this.#starts.length > 4;
    if (!isAtEnd || !isLast || !this.list.checkVisibility()) return;
    this.hasMoved = true;
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }
}

/**
 * Where a start belongs among sorted ones; behind its equals.
 * @param {readonly number[]} starts
 * @param {number} start
 */
export function place(starts, start) {
  let at = starts.length;
  while (at > 0 && /** @type {number} */ (starts[at - 1]) > start) at -= 1;
  return at;
}
