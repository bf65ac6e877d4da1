/** One recording: on its way, with its text as it comes; then its transcript, or why there is none. */
import { el, glyph } from "../dom.js";
import { badge, isOver } from "./jobs.js";
import { LiveText } from "./live.js";
import { editsOf, Reading } from "./reading.js";
import { progress, reason, why } from "./saying.js";
import { follow } from "./sse.js";
import { clock, lasting, moment } from "./times.js";

const TELL_EVERY_PERCENT = 25;

export class Recording {
  /** @type {import("./jobs.js").Job | null} */
  #job = null;
  /** @type {Reading | null} */
  #reading = null;
  #leaving = new AbortController();
  #told = 0;
  #message = "";

  /**
   * @param {import("../app.js").App} app
   * @param {string} id
   * @param {object} wishes
   * @param {(job: import("./jobs.js").Job) => Promise<void>} wishes.cancel
   * @param {(job: import("./jobs.js").Job) => void} wishes.again
   */
  constructor(app, id, wishes) {
    this.app = app;
    this.id = id;
    this.wishes = wishes;
    this.title = el("h1", { tabIndex: -1 }, "…");
    this.facts = el("p", { className: "soft small number facts" });
    this.actions = el("div", { className: "row" });
    this.bar = el("progress", { max: 100, value: 0, hidden: true, tLabel: "transcribe.progress" });
    this.said = el("p", { className: "soft small", hidden: true });
    this.body = el("div", {});
    this.live = new LiveText(app);
    const back = el("a", { href: "#transcribe", className: "button quiet back" }, el("span", { "aria-hidden": "true" }, "←"), el("span", { t: "transcribe.back" }));
    const head = el("header", { className: "head" }, back, el("div", { className: "titles" }, this.title, this.facts), this.actions, this.bar, this.said);
    this.element = el("article", { className: "recording stack" }, head, this.body);
  }

  async open() {
    try {
      this.#took(await this.app.json(`/v1/jobs/${this.id}`));
      if (this.#job && !isOver(this.#job)) await this.#watch();
      if (!this.#leaving.signal.aborted) await this.#conclude();
    } catch (error) {
      if (!this.#leaving.signal.aborted) this.#fail(error);
    }
  }

  async #watch() {
    this.body.replaceChildren(this.live.element);
    await follow({
      ask: (headers, signal) => this.app.fetch(`/v1/jobs/${this.id}/events`, { headers, signal }),
      told: (event) => this.#heard(event),
      onLine: (lost) => this.#line(lost),
      signal: this.#leaving.signal,
    });
    if (!this.#leaving.signal.aborted) this.#took(await this.app.json(`/v1/jobs/${this.id}`));
  }

  /** @param {import("./sse.js").ServerEvent} event */
  #heard(event) {
    if (event.type === "task_segment") this.live.add(JSON.parse(event.data).data);
    else if (event.type === "task_progress") this.#moved(JSON.parse(event.data).data);
    return event.id === "end" || ["task_complete", "task_cancelled", "error"].includes(event.type);
  }

  /** @param {{progress: number, message: string}} told */
  #moved({ progress: percent, message }) {
    this.#message = message;
    if (this.#job) {
      const waits = /^Waiting/.test(message);
      this.#job = { ...this.#job, progress: percent, status: waits ? "pending" : "processing", queue_position: waits ? Number(/\d+/.exec(message)?.[0] ?? 0) || null : null };
    }
    if (Math.floor(percent / TELL_EVERY_PERCENT) > Math.floor(this.#told / TELL_EVERY_PERCENT)) {
      this.app.announce(this.app.t("transcribe.announce.progress", { percent: Math.floor(percent) }));
    }
    this.#told = Math.max(this.#told, percent);
    this.draw();
  }

  /** @param {boolean} lost */
  #line(lost) {
    this.#message = lost ? "" : this.#message;
    this.said.textContent = lost ? this.app.t("transcribe.line.lost") : progress(this.#message);
  }

  /** @param {import("./jobs.js").Job} job */
  #took(job) {
    this.#job = job;
    this.draw();
  }

  /** It is over: show what came of it. */
  async #conclude() {
    const job = this.#job;
    if (!job) return;
    if (job.status !== "completed") {
      this.#failed(job);
      return;
    }
    const [transcript, known] = await Promise.all([this.app.json(`/v1/jobs/${this.id}/transcript?edited=false`), editsOf(this.app, this.id)]);
    if (this.#leaving.signal.aborted) return;
    this.#reading = new Reading(this.app, job, transcript, known);
    this.body.replaceChildren(this.#reading.element);
    // What is finished is read from its beginning.
    if (this.live.hasMoved && this.element.checkVisibility()) window.scrollTo({ top: 0 });
    if (this.#told) this.app.announce(this.app.t("transcribe.announce.ready", { n: transcript.segments.length }));
  }

  /** @param {import("./jobs.js").Job} job */
  #failed(job) {
    const { t } = this.app;
    const isCancelled = job.status === "cancelled";
    const sentence = isCancelled || !job.error ? t("transcribe.state.cancelled") : reason(job.error.code, job.error.message);
    this.body.replaceChildren(el("div", { className: `callout ${isCancelled ? "" : "bad"}`, role: "alert" }, el("p", {}, el("strong", {}, t("transcribe.failed"))), el("p", {}, sentence)));
  }

  /** @param {unknown} error */
  #fail(error) {
    const status = /** @type {{status?: number}} */ (error).status;
    const isGone = status === 404 || status === 410;
    this.title.textContent = isGone ? this.app.t("transcribe.failed") : this.title.textContent;
    this.body.replaceChildren(el("p", { className: "callout bad", role: "alert" }, isGone ? this.app.t("transcribe.gone") : why(error)));
  }

  /** Write all of it in the language of the page. */
  draw() {
    const job = this.#job;
    if (!job) return;
    const language = this.app.language();
    const running = !isOver(job);
    this.title.textContent = job.file_name;
    const wait = running && job.estimated_wait_seconds ? this.app.t("transcribe.wait", { time: lasting(job.estimated_wait_seconds, language) }) : "";
    const facts = [job.duration ? clock(job.duration) : "", job.engine, moment(job.created_at, language), wait].filter(Boolean);
    this.facts.replaceChildren(badge(job, this.app.t), ` ${facts.join(" · ")}`);
    this.bar.hidden = this.said.hidden = !running;
    this.bar.value = job.progress;
    this.said.textContent = progress(this.#message);
    this.#drawActions(job, running);
    this.#reading?.draw();
    if (!running && job.status !== "completed") this.#failed(job);
  }

  /**
   * @param {import("./jobs.js").Job} job
   * @param {boolean} running
   */
  #drawActions(job, running) {
    const kind = running ? "cancel" : job.has_media && job.status !== "completed" ? "again" : "";
    if (this.actions.dataset.kind === kind + this.app.language()) return;
    this.actions.dataset.kind = kind + this.app.language();
    const cancel = el("button", { type: "button", className: "danger", onclick: () => void this.wishes.cancel(job) }, glyph("close"), this.app.t("transcribe.cancel"));
    const again = el("button", { type: "button", className: "primary", onclick: () => this.wishes.again(job) }, this.app.t("transcribe.again"));
    this.actions.replaceChildren(...(kind === "cancel" ? [cancel] : kind === "again" ? [again] : []));
  }

  /** A key that no field wanted; whether it was ours. @param {KeyboardEvent} event */
  pressed(event) {
    return this.#reading?.pressed(event) ?? false;
  }

  hide() {
    this.#reading?.hide();
  }

  close() {
    this.#leaving.abort();
    this.#reading?.close();
  }
}
