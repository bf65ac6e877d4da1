/**
 * The sentences of a transcript, however many. Rows are written a few hundred at a time, so that the page answers meanwhile, and stand in
 * blocks whose layout the browser skips while they are far away (`content-visibility`); all of the text is in the document, for screen
 * readers and for the browser's own search.
 */
import { el, glyph } from "../dom.js";
import { clock } from "./times.js";

const BLOCK = 50;
const AT_ONCE = 4;
const ROW_PX = 64;

/**
 * @typedef {object} Shown what a row needs
 * @property {number} start
 * @property {string} text
 * @property {string} who "" where speakers are not told apart
 * @property {string} colour
 * @property {boolean} turns whether somebody else speaks from here on
 * @property {boolean} corrected
 *
 * @typedef {object} Listener
 * @property {(index: number) => void} play
 * @property {(index: number, text: string) => void} correct
 * @property {() => void} hush
 */

export class Segments {
  /** @type {HTMLElement[]} */
  #rows = [];
  /** @type {Map<number, {start: number, end: number, current: boolean}[]>} */
  #marks = new Map();
  #heard = -1;
  #chosen = 0;
  #written = 0;
  /** @type {HTMLTextAreaElement | null} */
  #field = null;
  #generation = 0;

  /**
   * @param {import("../app.js").App} app
   * @param {Listener} listener
   */
  constructor(app, listener) {
    this.app = app;
    this.listener = listener;
    /** @type {(index: number) => Shown} */
    this.look = () => ({ start: 0, text: "", who: "", colour: "", turns: false, corrected: false });
    this.count = 0;
    this.pencil = el("button", { type: "button", className: "quiet icon pencil", tabIndex: -1, tLabel: "transcribe.edit", onclick: () => this.#editByPencil() }, glyph("edit"));
    this.element = el("div", { className: "segments", role: "list", tLabel: "transcribe.segments" });
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("dblclick", (event) => {
      // The first of the two clicks made it sound.
      this.listener.hush();
      this.edit(this.#indexOf(event.target));
    });
    this.element.addEventListener("pointerover", (event) => this.#near(this.#indexOf(event.target)));
    this.element.addEventListener("focusin", (event) => this.#choose(this.#indexOf(event.target)));
  }

  /**
   * Show so many rows as `look` gives them.
   * @param {number} count
   * @param {(index: number) => Shown} look
   */
  fill(count, look) {
    this.look = look;
    this.count = count;
    this.#rows = [];
    this.#marks = new Map();
    this.#field = null;
    this.#written = 0;
    this.#heard = -1;
    this.element.replaceChildren();
    this.#write(++this.#generation);
  }

  /** Whether every row is there. */
  get isWhole() {
    return this.#written >= this.count;
  }

  /** @param {number} generation */
  #write(generation) {
    if (generation !== this.#generation) return;
    for (let blocks = 0; blocks < AT_ONCE && !this.isWhole; blocks++) this.#writeBlock();
    if (!this.isWhole) setTimeout(() => this.#write(generation));
  }

  #writeBlock() {
    const first = this.#written;
    const last = Math.min(this.count, first + BLOCK);
    const block = el("div", { className: "block", role: "presentation" });
    block.style.setProperty("contain-intrinsic-size", `auto ${(last - first) * ROW_PX}px`);
    for (let index = first; index < last; index++) {
      const row = this.#row(index);
      this.#rows.push(row);
      block.append(row);
    }
    this.#written = last;
    this.element.append(block);
  }

  /** Every row up to this one, at once. @param {number} index */
  #reach(index) {
    while (this.#written <= index && !this.isWhole) this.#writeBlock();
  }

  /** @param {number} index */
  #row(index) {
    const row = el("div", { className: "segment", role: "listitem", tabIndex: index === this.#chosen ? 0 : -1 });
    row.dataset.index = String(index);
    this.#fillRow(row, index);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   */
  #fillRow(row, index) {
    const shown = this.look(index);
    const time = clock(shown.start);
    /** @type {HTMLElement[]} */
    const parts = [el("button", { type: "button", className: "time number", tabIndex: -1, "aria-label": this.app.t("transcribe.play.from", { time }) }, time)];
    if (shown.turns && shown.who) parts.unshift(el("span", { className: "who" }, shown.who));
    const text = el("p", { className: "text" });
    text.append(...marked(shown.text, this.#marks.get(index)));
    row.classList.toggle("turn", shown.turns);
    row.classList.toggle("corrected", shown.corrected);
    if (shown.colour) row.style.setProperty("--voice", shown.colour);
    row.replaceChildren(...parts, text);
    if (this.pencil.dataset.index === String(index)) row.append(this.pencil);
  }

  /** Write one row, or all, anew. @param {number} [index] */
  redraw(index) {
    const wanted = index === undefined ? this.#rows.keys() : [index];
    for (const each of wanted) {
      const row = this.#rows[each];
      if (row && !row.contains(this.#field)) this.#fillRow(row, each);
    }
  }

  /**
   * Mark what was found; `current` is the one that is looked at.
   * @param {readonly import("./searching.js").Hit[]} hits
   * @param {number} current
   */
  mark(hits, current) {
    const before = new Set(this.#marks.keys());
    this.#marks = new Map();
    hits.forEach((hit, number) => {
      const list = this.#marks.get(hit.index) ?? [];
      list.push({ start: hit.start, end: hit.end, current: number === current });
      this.#marks.set(hit.index, list);
    });
    for (const index of new Set([...before, ...this.#marks.keys()])) this.redraw(index);
    const hit = hits[current];
    if (hit) this.scrollTo(hit.index);
  }

  /** @param {number} index */
  scrollTo(index) {
    this.#reach(index);
    this.#rows[index]?.scrollIntoView({ block: "center", behavior: this.count > 300 ? "auto" : "smooth" });
  }

  /**
   * The one that sounds; it is brought into view where `follow` says so.
   * @param {number} index
   * @param {boolean} follow
   */
  sound(index, follow) {
    if (index === this.#heard) return;
    const before = this.#rows[this.#heard];
    before?.classList.remove("heard");
    before?.removeAttribute("aria-current");
    this.#heard = index;
    if (index < 0) return;
    this.#reach(index);
    const row = this.#rows[index];
    row?.classList.add("heard");
    row?.setAttribute("aria-current", "true");
    if (row && follow && !isSeen(row)) this.scrollTo(index);
  }

  get heard() {
    return this.#heard;
  }

  /** The row that has the focus, or had it last. */
  get chosen() {
    return this.#chosen;
  }

  /** @param {number} index */
  focus(index) {
    if (!this.count) return;
    const wanted = Math.min(Math.max(0, index), this.count - 1);
    this.#reach(wanted);
    this.#rows[wanted]?.focus({ preventScroll: true });
    const row = this.#rows[wanted];
    if (row && !isSeen(row)) row.scrollIntoView({ block: "center" });
  }

  /** @param {number} index */
  #choose(index) {
    if (index < 0) return;
    const before = this.#rows[this.#chosen];
    if (before) before.tabIndex = -1;
    this.#chosen = index;
    const row = this.#rows[index];
    if (row) row.tabIndex = 0;
    this.#near(index);
  }

  /** The pencil comes to the row that is pointed at. @param {number} index */
  #near(index) {
    const row = this.#rows[index];
    if (!row || this.#field || this.pencil.parentNode === row) return;
    this.pencil.dataset.index = String(index);
    row.append(this.pencil);
  }

  #editByPencil() {
    this.edit(Number(this.pencil.dataset.index));
  }

  /** @param {EventTarget | null} target */
  #indexOf(target) {
    const row = target instanceof Element ? target.closest(".segment") : null;
    return row instanceof HTMLElement ? Number(row.dataset.index) : -1;
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const index = this.#indexOf(target);
    if (index < 0 || target.closest("textarea, .pencil")) return;
    // Who selects text wants to copy it, not to hear it.
    if (!window.getSelection()?.isCollapsed || event.detail > 1) return;
    this.listener.play(index);
  }

  /**
   * Correct a row in place; `text` is what to begin with.
   * @param {number} index
   * @param {string} [text]
   */
  edit(index, text) {
    const row = this.#rows[index];
    if (!row || this.#field) return;
    const shown = this.look(index);
    const hint = el("span", { className: "hint small soft", id: "edit-hint" }, this.app.t("transcribe.edit.hint"));
    const field = el("textarea", { className: "correcting", rows: 1, value: text ?? shown.text, "aria-describedby": "edit-hint", "aria-label": this.app.t("transcribe.edit.field", { time: clock(shown.start) }) });
    this.#field = field;
    row.querySelector(".text")?.replaceWith(el("div", { className: "text" }, field, hint));
    row.classList.add("editing");
    const grow = () => {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight + 2}px`;
    };
    field.addEventListener("input", grow);
    field.addEventListener("keydown", (event) => this.#typed(event, index));
    field.addEventListener("blur", () => this.#leave(index, true));
    grow();
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   */
  #typed(event, index) {
    event.stopPropagation();
    // Enter that ends the choice of a Chinese character saves nothing.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#leave(index, true);
      this.focus(index);
    } else if (event.key === "Escape") {
      this.#leave(index, false);
      this.focus(index);
    }
  }

  /**
   * @param {number} index
   * @param {boolean} save
   */
  #leave(index, save) {
    const field = this.#field;
    if (!field) return;
    this.#field = null;
    const text = field.value;
    this.#rows[index]?.classList.remove("editing");
    this.redraw(index);
    if (save) this.listener.correct(index, text);
  }
}

/**
 * Text with its marks.
 * @param {string} text
 * @param {{start: number, end: number, current: boolean}[] | undefined} marks
 */
function marked(text, marks) {
  if (!marks?.length) return [text];
  /** @type {(string | Node)[]} */
  const parts = [];
  let at = 0;
  for (const { start, end, current } of marks) {
    parts.push(text.slice(at, start), el("mark", current ? { className: "current" } : {}, text.slice(start, end)));
    at = end;
  }
  return [...parts, text.slice(at)];
}

/** Whether a row stands between what is fixed above and below. @param {HTMLElement} row */
function isSeen(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return top >= 150 && bottom <= window.innerHeight - 110;
}
