/** The list of recordings, the newest first. It asks for news only while something is under way and somebody looks. */
import { el, glyph } from "../dom.js";
import { reason, why } from "./saying.js";
import { clock, moment } from "./times.js";

/**
 * @typedef {object} Job as /v1/jobs has it
 * @property {string} task_id
 * @property {"pending" | "processing" | "completed" | "failed" | "cancelled" | "timed_out"} status
 * @property {number} progress
 * @property {string} file_name
 * @property {string} engine
 * @property {string} created_at
 * @property {string | null} finished_at
 * @property {number | null} duration
 * @property {number | null} queue_position
 * @property {number | null} estimated_wait_seconds
 * @property {{code: string, message: string} | null} error
 * @property {boolean} edited
 * @property {boolean} has_media
 */

const PAGE = 20;
/** The server tells of no more at a time. */
const MOST = 200;
const AGAIN_MS = 2000;

/** @param {Pick<Job, "status">} job */
export function isOver({ status }) {
  return status !== "pending" && status !== "processing";
}

/**
 * @param {Job} job
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 */
function stateOf(job, t) {
  if (job.status === "pending" && job.queue_position) return t("transcribe.state.pending.at", { n: job.queue_position });
  return t(`transcribe.state.${job.status}`, { percent: Math.floor(job.progress) });
}

const TONES = { pending: "", processing: "accent", completed: "good", failed: "bad", timed_out: "bad", cancelled: "" };

/**
 * @param {Job} job
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 */
export function badge(job, t) {
  return el("span", { className: `pill number ${TONES[job.status]}` }, stateOf(job, t));
}

export class Jobs {
  /** @type {Job[]} */
  #jobs = [];
  /** @type {string | null} */
  #cursor = null;
  #loaded = false;
  #isShown = true;
  #timer = 0;
  #asking = false;

  /**
   * @param {import("../app.js").App} app
   * @param {(job: Job) => void} again transcribes a recording once more
   */
  constructor(app, again) {
    this.app = app;
    this.again = again;
    this.list = el("ul", { className: "jobs" });
    this.none = el(
      "div", { className: "nothing", hidden: true },
      el("p", { t: "transcribe.jobs.none" }), el("p", { className: "soft small", t: "transcribe.jobs.none.how" }),
    );
    this.more = el("button", { type: "button", t: "transcribe.jobs.more", hidden: true, onclick: () => void this.#older() });
    this.wrong = el("p", { className: "callout bad", role: "alert", hidden: true });
    this.element = el("section", { className: "card stack" }, el("h2", { t: "transcribe.jobs" }), this.wrong, this.list, this.none, this.more);
  }

  /** How they stand now; those that were shown stay shown. */
  async refresh() {
    clearTimeout(this.#timer);
    if (this.#asking) return;
    this.#asking = true;
    // All that are shown, or those further down would stand still.
    const most = Math.min(MOST, Math.max(PAGE, this.#jobs.length));
    try {
      const { items, next_cursor: next } = await this.app.json(`/v1/jobs?limit=${most}`);
      const fresh = new Set(items.map((/** @type {Job} */ job) => job.task_id));
      const oldest = items.length === most ? String(items.at(-1).created_at) : "";
      const older = this.#jobs.filter((job) => !fresh.has(job.task_id) && job.created_at < oldest);
      this.#jobs = [...items, ...older];
      if (!older.length) this.#cursor = next;
      this.#loaded = true;
      this.wrong.hidden = true;
    } catch (error) {
      this.wrong.textContent = why(error);
      this.wrong.hidden = false;
    } finally {
      this.#asking = false;
    }
    this.draw();
    this.#later();
  }

  async #older() {
    this.more.disabled = true;
    try {
      const { items, next_cursor: next } = await this.app.json(`/v1/jobs?limit=${PAGE}&cursor=${encodeURIComponent(this.#cursor ?? "")}`);
      const known = new Set(this.#jobs.map((job) => job.task_id));
      this.#jobs.push(...items.filter((/** @type {Job} */ job) => !known.has(job.task_id)));
      this.#cursor = next;
      this.draw();
    } catch (error) {
      this.app.notice(why(error), "error");
    } finally {
      this.more.disabled = false;
    }
  }

  #later() {
    clearTimeout(this.#timer);
    const isNews = this.#jobs.some((job) => !isOver(job)) || !this.wrong.hidden;
    if (this.#isShown && isNews && !document.hidden) this.#timer = window.setTimeout(() => void this.refresh(), AGAIN_MS);
  }

  show() {
    this.#isShown = true;
    void this.refresh();
  }

  hide() {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }

  /** Write all of it; what has the focus keeps it. */
  draw() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key;
    this.list.replaceChildren(...this.#jobs.map((job) => this.#row(job)));
    this.none.hidden = !this.#loaded || this.#jobs.length > 0;
    this.more.hidden = !this.#cursor;
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Job} job */
  #row(job) {
    const { t } = this.app;
    const name = el("a", { href: `#transcribe/${job.task_id}`, className: "name", "data-key": `open-${job.task_id}` }, job.file_name);
    const facts = [clock(job.duration), job.engine, moment(job.created_at, this.app.language())].filter((fact) => fact && fact !== "–:––");
    const row = el(
      "li", { className: "job", "data-id": job.task_id, "data-status": job.status }, name,
      el("span", { className: "marks" }, job.edited && el("span", { className: "pill" }, glyph("edit"), t("transcribe.edited")), badge(job, t)),
      el("span", { className: "soft small number facts" }, facts.join(" · ")), el("span", { className: "actions" }, ...this.#actions(job)),
    );
    if (!isOver(job)) row.append(el("progress", { max: 100, value: job.progress, "aria-label": job.file_name }));
    if (job.error && job.status !== "cancelled") row.append(el("p", { className: "small bad why" }, reason(job.error.code, job.error.message)));
    return row;
  }

  /** @param {Job} job */
  #actions(job) {
    const { t } = this.app;
    const named = (/** @type {string} */ key) => ({ type: /** @type {const} */ ("button"), className: "quiet", "aria-label": `${t(key)}: ${job.file_name}`, "data-key": `${key}-${job.task_id}` });
    if (!isOver(job)) return [el("button", { ...named("transcribe.cancel"), onclick: () => void this.cancel(job) }, t("transcribe.cancel"))];
    if (job.status === "completed" || !job.has_media) return [];
    return [el("button", { ...named("transcribe.again"), onclick: () => this.again(job) }, t("transcribe.again"))];
  }

  /** @param {Pick<Job, "task_id" | "file_name">} job */
  async cancel(job) {
    try {
      await this.app.fetch(`/v1/jobs/${job.task_id}`, { method: "DELETE" });
      this.app.notice(this.app.t("transcribe.cancelled", { name: job.file_name }));
    } catch (error) {
      this.app.notice(why(error), "error");
    }
    await this.refresh();
  }
}
