/** What was said, turn by turn. */
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { delays, seconds, total } from "./delays.js";
import { heardUpTo } from "./heard.js";
import { isEmpty, MOST_SHOWN } from "./turns.js";

/** @typedef {import("./turns.js").Turn} Turn */

/** So near to its end a reader wants to see what comes. */
const NEAR_PX = 120;

export class Log {
  #list = el("ol", { className: "turns" });
  #empty = el("p", { className: "empty soft", t: "talk.log.empty" });
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();

  constructor() {
    this.element = el("section", { className: "log", role: "log", "aria-live": "off", tLabel: "talk.log", tabindex: "0" }, this.#empty, this.#list);
  }

  get isEmpty() {
    return this.#shown.size === 0;
  }

  /** Show all anew. @param {readonly Turn[]} turns */
  show(turns) {
    this.#shown.clear();
    this.#list.replaceChildren();
    for (const turn of turns) this.update(turn);
    this.#empty.hidden = turns.length > 0;
  }

  /** To what was said last. */
  toEnd() {
    const scroller = this.#scroller;
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** What moves when somebody reads on: on a phone it is the page. */
  get #scroller() {
    return getComputedStyle(this.element).overflowY === "visible" ? document.documentElement : this.element;
  }

  /** Show what changed in a turn. @param {Turn} turn */
  update(turn) {
    const before = this.#shown.get(turn.id);
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    // Who says something wants to see it. Another view may be looked at meanwhile.
    const follows = this.element.checkVisibility() && (isNear || !before);
    if (isEmpty(turn)) {
      before?.remove();
      this.#shown.delete(turn.id);
    } else {
      const row = drawn(turn);
      if (before) before.replaceWith(row);
      else this.#list.append(row);
      this.#shown.set(turn.id, row);
      this.#forget();
    }
    this.#empty.hidden = this.#shown.size > 0;
    if (follows) this.toEnd();
  }

  /** The oldest, when there are more than are remembered. */
  #forget() {
    const [oldest] = this.#shown;
    if (this.#shown.size <= MOST_SHOWN || !oldest) return;
    oldest[1].remove();
    this.#shown.delete(oldest[0]);
  }
}

/** @param {Turn} turn */
function drawn(turn) {
  return el(
    "li", { className: "turn", "data-turn": turn.id },
    turn.said ? saidBy(turn) : null,
    turn.answer ? answered(turn) : null,
    turn.isInterrupted ? el("p", { className: "cut small soft" }, t("talk.interrupted")) : null,
    turn.problem ? el("p", { className: "callout bad" }, turn.problem) : null,
    turn.metrics ? delayed(turn) : null,
  );
}

/** @param {Turn} turn */
function saidBy(turn) {
  const text = el("p", { className: turn.isFinal ? "text" : "text unsure" }, turn.said);
  const who = el("span", { className: "who" }, t("talk.you"), turn.isTyped ? ` · ${t("talk.typed")}` : "");
  return el("div", { className: "said" }, who, text);
}

/** @param {Turn} turn */
function answered(turn) {
  const heard = turn.isComplete || turn.isSilent ? turn.answer.length : heardUpTo(turn.answer, turn.clauses, turn.end, turn.played);
  const text = el(
    "p", { className: "text" },
    el("span", { className: "heard" }, turn.answer.slice(0, heard)),
    el("span", { className: "coming" }, turn.answer.slice(heard)),
  );
  return el("div", { className: "answer" }, el("span", { className: "who" }, t(turn.isParrot ? "talk.parrot.name" : "talk.parley")), text);
}

/** @param {Turn} turn */
function delayed(turn) {
  const pieces = delays(/** @type {import("./delays.js").Metrics} */ (turn.metrics));
  const whole = total(pieces);
  if (turn.rate === 0 || whole === 0) return null;
  const bar = el("div", { className: "delays", "aria-hidden": "true" });
  for (const { stage, ms } of pieces) {
    const piece = el("i", { className: stage, title: pieceOf(stage, ms) });
    piece.style.flexGrow = String(ms);
    bar.append(piece);
  }
  const told = t(turn.isTyped ? "talk.delay.typed" : "talk.delay", { total: seconds(whole) });
  const legend = pieces.map(({ stage, ms }) => el("span", { className: `key ${stage}` }, pieceOf(stage, ms)));
  return el("details", { className: "delay small" }, el("summary", {}, bar, el("span", { className: "number" }, told)), el("p", { className: "legend" }, ...legend));
}

/**
 * @param {string} stage
 * @param {number} ms
 */
function pieceOf(stage, ms) {
  return t("talk.delay.piece", { stage: t(`talk.delay.${stage}`), seconds: seconds(ms) });
}
