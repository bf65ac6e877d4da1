/** A finished transcript: who speaks, what was said, searching, correcting, hearing, saving. */
import { el, glyph } from "../dom.js";
import { asEdits, Corrections, heardAt } from "./corrections.js";
import { People } from "./people.js";
import { Player } from "./player.js";
import { FORMATS, save } from "./saving.js";
import { why } from "./saying.js";
import { find, firstFrom, step } from "./searching.js";
import { Segments } from "./segments.js";
import { colours } from "./speakers.js";
import { clock } from "./times.js";

const SEARCH_AFTER_MS = 150;
const HANDS_OFF_MS = 4000;

export class Reading {
  /** @type {import("./searching.js").Hit[]} */
  #hits = [];
  #hit = -1;
  #timer = 0;
  #scrolled = 0;
  /** Changes are sent one after the other. @type {Promise<unknown>} */
  #sending = Promise.resolve();

  /**
   * @param {import("../app.js").App} app
   * @param {import("./jobs.js").Job} job
   * @param {import("./corrections.js").Transcript} transcript
   * @param {{edits: import("./corrections.js").Edits, tag: string}} known
   */
  constructor(app, job, transcript, known) {
    this.app = app;
    this.job = job;
    this.tag = known.tag;
    this.corrections = new Corrections(transcript, known.edits);
    this.colours = colours(transcript.speakers);
    this.people = new People(app, this.corrections, this.colours, (label, name) => void this.#rename(label, name));
    this.segments = new Segments(app, { play: (index) => this.#play(index), correct: (index, text) => void this.#correct(index, text), hush: () => this.player?.pause() });
    this.player = job.has_media ? new Player(app, `/v1/jobs/${job.task_id}/media`, { duration: job.duration, finishedAt: Date.parse(job.finished_at ?? "") || 0 }, (time) => this.#moved(time)) : null;
    const side = el("aside", { className: "side" }, this.people.element);
    this.element = el("div", { className: "reading" }, this.#notes(), side, this.#tools(), this.#body(), this.#foot());
    this.#fill();
    for (const event of /** @type {const} */ (["wheel", "touchmove"])) window.addEventListener(event, this.#handsOn, { passive: true });
  }

  #handsOn = () => {
    this.#scrolled = performance.now();
  };

  #notes() {
    const { warnings = [], failed = [] } = this.corrections.transcript;
    const lost = failed.map(({ start, end }) => this.app.t("transcribe.lost", { from: clock(start), to: clock(end) }));
    const all = [...lost, ...warnings];
    const list = el("ul", { className: "plain" }, ...all.map((sentence) => el("li", {}, sentence)));
    return el("div", { className: "callout warn", hidden: !all.length, role: "note", tLabel: "transcribe.warnings" }, list);
  }

  #tools() {
    this.search = el("input", { type: "search", tPlaceholder: "transcribe.search", tLabel: "transcribe.search", oninput: () => this.#soon(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#inSearch(event) });
    this.count = el("span", { className: "small soft number count", role: "status" });
    this.before = el("button", { type: "button", className: "quiet icon turned", tLabel: "transcribe.search.before", disabled: true, onclick: () => this.#walk(-1) }, chevron());
    this.next = el("button", { type: "button", className: "quiet icon", tLabel: "transcribe.search.next", disabled: true, onclick: () => this.#walk(1) }, chevron());
    this.undo = el("button", { type: "button", className: "quiet", t: "transcribe.undo", disabled: true, onclick: () => void this.#undo() });
    const copy = el("button", { type: "button", className: "quiet", t: "transcribe.copy", onclick: () => void this.#copy() });
    return el(
      "div", { className: "tools-bar", role: "toolbar", tLabel: "transcribe.segments" },
      el("div", { className: "searching" }, glyph("search"), this.search, this.count, this.before, this.next),
      el("div", { className: "row" }, this.undo, copy, this.#menu()),
    );
  }

  #menu() {
    const items = FORMATS.map((format) =>
      el("li", {}, el("button", { type: "button", className: "quiet", t: `transcribe.export.${format}`, "data-format": format, onclick: () => void this.#save(format, menu) })),
    );
    const summary = el("summary", { className: "button primary" }, glyph("download"), el("span", { t: "transcribe.export" }));
    const menu = el("details", { className: "menu" }, summary, el("ul", {}, ...items));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      summary.focus();
    });
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(/** @type {Node | null} */ (event.relatedTarget)) && event.relatedTarget) menu.open = false;
    });
    this.menu = menu;
    return menu;
  }

  #body() {
    const none = el(
      "div", { className: "nothing", hidden: this.corrections.transcript.segments.length > 0 },
      el("p", { t: "transcribe.empty" }), el("p", { className: "soft small", t: "transcribe.empty.how" }),
    );
    return el("div", { className: "body" }, none, this.segments.element);
  }

  #foot() {
    if (!this.player) return el("p", { className: "callout small", t: "transcribe.player.none" });
    return el("div", { className: "foot" }, this.player.element, el("p", { className: "keys small soft", t: "transcribe.keys" }));
  }

  #fill() {
    const { segments } = this.corrections.transcript;
    this.segments.fill(segments.length, (index) => {
      const segment = segments[index];
      const who = segment?.speaker ?? "";
      return {
        start: segment?.start ?? 0,
        text: this.corrections.text(index),
        who: who && this.people.title(who),
        colour: this.colours.get(who) ?? "",
        turns: index === 0 || segments[index - 1]?.speaker !== segment?.speaker,
        corrected: this.corrections.isCorrected(index),
      };
    });
  }

  // Hearing

  /** @param {number} index */
  #play(index) {
    const segment = this.corrections.transcript.segments[index];
    if (!segment || !this.player) return;
    this.#scrolled = 0;
    void this.player.play(segment.start);
  }

  /** @param {number} time */
  #moved(time) {
    const index = heardAt(this.corrections.transcript.segments, time);
    const isFree = performance.now() - this.#scrolled > HANDS_OFF_MS;
    this.segments.sound(index, Boolean(this.player?.isPlaying) && isFree);
  }

  // Searching

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#find(), SEARCH_AFTER_MS);
  }

  /** @param {number} [keep] the hit to stay at */
  #find(keep) {
    const wanted = this.search?.value ?? "";
    this.#hits = find(this.corrections.texts, wanted);
    this.#hit = keep !== undefined && keep < this.#hits.length ? keep : firstFrom(this.#hits, Math.max(0, this.segments.chosen));
    this.#showHits(keep === undefined);
  }

  /** @param {boolean} jump */
  #showHits(jump) {
    const { t } = this.app;
    const none = this.search?.value.trim() ? t("transcribe.search.none") : "";
    const text = this.#hits.length ? t("transcribe.search.count", { n: this.#hit + 1, all: this.#hits.length }) : none;
    if (this.count) this.count.textContent = text;
    for (const button of [this.before, this.next]) if (button) button.disabled = !this.#hits.length;
    this.segments.mark(this.#hits, jump ? this.#hit : -1);
    if (!jump && this.#hit >= 0) this.segments.mark(this.#hits, this.#hit);
  }

  /** @param {1 | -1} direction */
  #walk(direction) {
    this.#hit = step(this.#hit, this.#hits.length, direction);
    this.#showHits(true);
  }

  /** @param {KeyboardEvent} event */
  #inSearch(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.#walk(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.search?.value) {
      event.stopPropagation();
      this.search.value = "";
      this.#find();
    }
  }

  // Correcting

  /**
   * @param {number} index
   * @param {string} text
   */
  async #correct(index, text) {
    await this.#queue(async () => {
      const change = this.corrections.correct(index, text);
      if (!change) return;
      const answer = await this.#send(change, () => this.segments.edit(index, text));
      if (answer) this.corrections.took(change);
    });
  }

  /**
   * @param {string} label
   * @param {string} name
   */
  async #rename(label, name) {
    await this.#queue(async () => {
      const change = this.corrections.rename(label, name);
      if (change && (await this.#send(change, () => {}))) this.corrections.took(change);
    });
  }

  async #undo() {
    await this.#queue(async () => {
      const change = this.corrections.undoing();
      if (change && (await this.#send(change, () => {}))) this.corrections.undone(change);
    });
  }

  /** @param {() => Promise<void>} work */
  #queue(work) {
    this.#sending = this.#sending.then(work).then(() => this.#drawChanged());
    return this.#sending;
  }

  /**
   * Whether the server took a change; where it did not, `again` opens the field with what was typed.
   * @param {import("./corrections.js").Change} change
   * @param {() => void} again
   */
  async #send(change, again) {
    try {
      const answer = await this.app.fetch(`/v1/jobs/${this.job.task_id}/edits`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "If-Match": this.tag },
        body: JSON.stringify(asEdits(change)),
      });
      this.tag = answer.headers.get("ETag") ?? this.tag;
      return true;
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code === "edit_conflict") await this.#reload();
      else this.app.notice(why(error), "error");
      this.#drawChanged();
      again();
      return false;
    }
  }

  /** Somebody else was faster: show theirs. */
  async #reload() {
    try {
      const { edits, tag } = await editsOf(this.app, this.job.task_id);
      this.corrections.replace(edits);
      this.corrections.forgetUndo();
      this.tag = tag;
      this.app.notice(this.app.t("transcribe.edit.conflict"), "error");
    } catch (error) {
      this.app.notice(why(error), "error");
    }
  }

  #drawChanged() {
    if (this.undo) this.undo.disabled = !this.corrections.canUndo;
    this.people.draw();
    this.segments.redraw();
    if (this.search?.value.trim()) this.#find(Math.max(0, this.#hit));
  }

  // Saving

  /**
   * @param {string} format
   * @param {HTMLDetailsElement} menu
   */
  async #save(format, menu) {
    menu.open = false;
    try {
      await this.#sending;
      await save(this.app, this.job.task_id, this.job.file_name, format);
    } catch (error) {
      this.app.notice(why(error), "error");
    }
  }

  async #copy() {
    try {
      await this.#sending;
      const text = await (await this.app.fetch(`/v1/jobs/${this.job.task_id}/result?format=txt`)).text();
      await navigator.clipboard.writeText(text);
      this.app.notice(this.app.t("transcribe.copied"));
    } catch (error) {
      this.app.notice(why(error), "error");
    }
  }

  /** A key that no field wanted; whether it was ours. @param {KeyboardEvent} event */
  pressed(event) {
    const { segments, player } = this;
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": () => player?.toggle(),
      ArrowLeft: () => player?.jump(-1),
      ArrowRight: () => player?.jump(1),
      ArrowUp: () => segments.focus(segments.chosen - 1),
      ArrowDown: () => segments.focus(isIn(segments.element) ? segments.chosen + 1 : Math.max(0, segments.heard)),
      Enter: () => isIn(segments.element) && this.#play(segments.chosen),
      e: () => segments.edit(segments.chosen),
      "/": () => this.search?.focus(),
      z: () => void this.#undo(),
    };
    const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "z";
    const work = isUndo || isPlain ? keys[event.key.length === 1 ? event.key.toLowerCase() : event.key] : undefined;
    work?.();
    return Boolean(work);
  }

  /** Write all of it in the language of the page. */
  draw() {
    this.#drawChanged();
    this.player?.draw();
  }

  hide() {
    this.player?.pause();
  }

  close() {
    clearTimeout(this.#timer);
    for (const event of ["wheel", "touchmove"]) window.removeEventListener(event, this.#handsOn);
    this.player?.close();
  }
}

/**
 * What lies over a transcript, and the tag of that.
 * @param {import("../app.js").App} app
 * @param {string} id
 */
export async function editsOf(app, id) {
  const answer = await app.fetch(`/v1/jobs/${id}/edits`);
  return { edits: await answer.json(), tag: answer.headers.get("ETag") ?? "*" };
}

/** @param {HTMLElement} element */
function isIn(element) {
  return element.contains(document.activeElement);
}

function chevron() {
  const span = el("span", { className: "chevron", "aria-hidden": "true" });
  return span;
}
