/** The list of uploads: what is sent now, and what was not finished the last time. */
import { el, glyph } from "../dom.js";
import { Line } from "./line.js";
import { fingerprint, Memory } from "./remembering.js";
import { reason } from "./saying.js";
import { pause } from "./sse.js";
import { size } from "./times.js";
import { Upload } from "./tus.js";

const AT_ONCE = 2;

/**
 * @typedef {import("./tus.js").Facts} Facts
 * @typedef {object} Row
 * @property {Upload} upload
 * @property {HTMLElement} element
 * @property {(facts: Facts) => void} draw
 */

export class Uploads {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #line = new Line(AT_ONCE, (/** @type {Upload} */ upload) => upload.run());
  #memory = new Memory(storage());

  /**
   * @param {import("../app.js").App} app
   * @param {(id: string, name: string, alone: boolean) => void} admitted hears that an upload became a job
   */
  constructor(app, admitted) {
    this.app = app;
    this.admitted = admitted;
    this.list = el("ul", { className: "uploads" });
    this.old = el("ul", { className: "uploads" });
    this.unfinished = el(
      "section", { className: "card stack unfinished", hidden: true },
      el("h2", { t: "transcribe.unfinished" }), el("p", { className: "soft small", t: "transcribe.unfinished.how" }), this.old,
    );
    this.element = el("section", { className: "card stack", hidden: true }, el("h2", { t: "transcribe.uploads" }), this.list);
    this.picker = el("input", { type: "file", hidden: true, onchange: () => this.#picked() });
    this.unfinished.append(this.picker);
    /** Options of whoever continues an upload do not matter: the server has them. */
    this.wanted = "";
  }

  get isEmpty() {
    return this.#rows.size === 0;
  }

  /**
   * Send files; one that was begun before goes on.
   * @param {readonly File[]} files
   * @param {Record<string, string>} options
   */
  add(files, options) {
    for (const file of files) {
      if (!file.size) {
        this.app.notice(this.app.t("transcribe.file.empty", { name: file.name }), "error");
        continue;
      }
      this.#begin(file, options, files.length === 1);
    }
    this.#show();
  }

  /**
   * @param {File} file
   * @param {Record<string, string>} options
   * @param {boolean} alone
   */
  #begin(file, options, alone) {
    const key = fingerprint(file);
    const known = this.#rows.get(key);
    if (known) {
      this.#line.join(known.upload);
      return;
    }
    const source = { name: file.name, size: file.size, slice: (/** @type {number} */ from, /** @type {number} */ to) => file.slice(from, to) };
    const means = { ask: this.app.fetch, wait: pause, now: () => performance.now() };
    const upload = new Upload(source, options, means, (facts) => this.#heard(key, facts, alone), { id: this.#memory.get(key)?.id });
    this.#rows.set(key, this.#row(upload));
    this.list.append(/** @type {Row} */ (this.#rows.get(key)).element);
    this.#line.join(upload);
    void this.offer();
  }

  /**
   * @param {string} key
   * @param {Facts} facts
   * @param {boolean} alone
   */
  #heard(key, facts, alone) {
    const row = this.#rows.get(key);
    if (!row) return;
    const { name, size: whole } = row.upload.source;
    if (facts.state === "done" || facts.state === "cancelled") {
      this.#memory.forget(key);
      row.element.remove();
      this.#rows.delete(key);
      this.#show();
    } else if (facts.id && this.#memory.get(key)?.id !== facts.id) {
      this.#memory.keep(key, { id: facts.id, name, size: whole, at: Date.now() });
    }
    if (facts.state === "done") {
      this.app.announce(this.app.t("transcribe.upload.done", { name }));
      this.admitted(facts.id, name, alone);
    }
    row.draw(facts);
  }

  /**
   * @param {Upload} upload
   * @returns {Row}
   */
  #row(upload) {
    const { t } = this.app;
    const { name } = upload.source;
    const state = el("span", { className: "state soft small number" });
    const bar = el("progress", { max: upload.source.size, value: 0, "aria-label": name });
    const toggle = el("button", { type: "button", className: "quiet icon", onclick: () => (isStopped(upload.facts) ? this.#line.join(upload) : this.#pause(upload)) });
    const drop = el("button", { type: "button", className: "quiet icon", onclick: () => this.#cancel(upload) }, glyph("close"));
    const element = el("li", { className: "upload" }, el("span", { className: "name" }, name), state, bar, el("span", { className: "actions" }, toggle, drop));
    const draw = (/** @type {Facts} */ facts) => {
      const stopped = isStopped(facts);
      bar.value = facts.sent;
      state.textContent = this.#said(facts, upload.source.size);
      state.classList.toggle("bad", facts.state === "failed");
      toggle.replaceChildren(glyph(stopped ? "play" : "pause"));
      label(toggle, t(stopped ? "transcribe.upload.resume" : "transcribe.upload.pause", { name }));
      label(drop, t("transcribe.upload.cancel", { name }));
      element.dataset.state = facts.state;
    };
    draw(upload.facts);
    return { upload, element, draw };
  }

  /**
   * @param {Facts} facts
   * @param {number} whole
   */
  #said({ state, sent, problem, code, bytesPerSecond }, whole) {
    const { t } = this.app;
    const values = { sent: size(sent), size: size(whole) };
    if (state === "failed") return `${t("transcribe.upload.failed")}: ${reason(code, problem)}`;
    if (state === "paused" || state === "waiting" || state === "lost" || state === "busy") return t(`transcribe.upload.${state}`, values);
    const rate = bytesPerSecond ? ` · ${t("transcribe.upload.rate", { rate: size(bytesPerSecond) })}` : "";
    return t("transcribe.upload.sending", values) + rate;
  }

  /** @param {Upload} upload */
  #pause(upload) {
    this.#line.leave(upload);
    upload.pause();
  }

  /** @param {Upload} upload */
  #cancel(upload) {
    this.#line.leave(upload);
    void upload.cancel();
  }

  /** Show what was begun in an earlier visit and is still on the server. */
  async offer() {
    const waiting = [...this.#memory.known].filter(([key]) => !this.#rows.has(key));
    const found = await Promise.all(waiting.map(async ([key, upload]) => ({ key, upload, at: await this.#standing(key, upload.id) })));
    const rows = found.filter(({ key, at }) => at !== null && !this.#rows.has(key)).map(({ key, upload, at }) => this.#offered(key, upload, at ?? 0));
    this.old.replaceChildren(...rows);
    this.unfinished.hidden = !rows.length;
  }

  /**
   * Bytes that the server has of an upload; null where it has none or it is a job by now.
   * @param {string} key
   * @param {string} id
   */
  async #standing(key, id) {
    try {
      const answer = await this.app.fetch(`/v1/uploads/${id}`, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
      if (!answer.headers.get("Parley-Job")) return Number(answer.headers.get("Upload-Offset"));
    } catch (error) {
      const status = /** @type {{status?: number}} */ (error).status ?? 0;
      if (status !== 404 && status !== 410) return 0;
    }
    this.#memory.forget(key);
    return null;
  }

  /**
   * @param {string} key
   * @param {import("./remembering.js").Remembered} upload
   * @param {number} at
   */
  #offered(key, upload, at) {
    const { t } = this.app;
    const percent = Math.floor((100 * at) / Math.max(1, upload.size));
    const choose = el("button", { type: "button", onclick: () => this.#choose(key) }, t("transcribe.unfinished.choose"));
    const drop = el("button", { type: "button", className: "quiet", onclick: () => void this.#forget(key, upload.id) }, t("transcribe.unfinished.drop"));
    return el(
      "li", { className: "upload" }, el("span", { className: "name" }, upload.name),
      el("span", { className: "state soft small number" }, t("transcribe.unfinished.at", { percent, size: size(upload.size) })),
      el("progress", { max: upload.size, value: at, "aria-label": upload.name }), el("span", { className: "actions" }, choose, drop),
    );
  }

  /** @param {string} key */
  #choose(key) {
    this.wanted = key;
    this.picker.value = "";
    this.picker.click();
  }

  #picked() {
    const file = this.picker.files?.[0];
    const known = this.#memory.get(this.wanted);
    if (!file || !known) return;
    if (fingerprint(file) === this.wanted) this.add([file], {});
    else this.app.notice(this.app.t("transcribe.unfinished.other", { name: known.name, size: size(known.size) }), "error");
  }

  /**
   * @param {string} key
   * @param {string} id
   */
  async #forget(key, id) {
    this.#memory.forget(key);
    try {
      await this.app.fetch(`/v1/uploads/${id}`, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
    } catch { /* it expires by itself */ }
    await this.offer();
  }

  #show() {
    this.element.hidden = this.isEmpty;
  }

  /** Write all of it in the language of the page. */
  draw() {
    for (const row of this.#rows.values()) row.draw(row.upload.facts);
    void this.offer();
  }

  /** The page is left: what was sent stays on the server. */
  close() {
    for (const { upload } of this.#rows.values()) upload.pause();
  }
}

/** @param {Facts} facts */
function isStopped({ state }) {
  return state === "paused" || state === "failed";
}

/**
 * @param {HTMLElement} button
 * @param {string} text
 */
function label(button, text) {
  button.setAttribute("aria-label", text);
  button.title = text;
}

function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
