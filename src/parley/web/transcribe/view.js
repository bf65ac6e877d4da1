/** The Transcribe view: drop files, watch them become text, read and correct it. `#transcribe/ID` is one recording. */
import { el, glyph } from "../dom.js";
import { Options } from "./choosing.js";
import { Jobs } from "./jobs.js";
import { Recording } from "./recording.js";
import { why } from "./saying.js";
import { Uploads } from "./uploading.js";
import { words } from "./words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../app.js").App} app
 * @returns {Promise<import("../app.js").Mounted>}
 */
export async function mount(root, app) {
  app.words(words);
  await app.style("transcribe/view.css");
  return new View(root, app);
}

class View {
  /** @type {Recording | null} */
  #recording = null;
  #isShown = true;
  #ends;

  /**
   * @param {HTMLElement} root
   * @param {import("../app.js").App} app
   */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.options = new Options(app);
    this.uploads = new Uploads(app, (id, _, alone) => this.#admitted(id, alone));
    this.jobs = new Jobs(app, (job) => void this.#again(job));
    this.picker = el("input", { type: "file", multiple: true, accept: "audio/*,video/*,.opus,.flac,.m4a,.mka,.mkv,.amr,.ape,.wv,.caf,.sph", hidden: true, onchange: () => this.#picked() });
    this.home = el(
      "div", { className: "home stack" },
      el("h1", { className: "unseen", t: "transcribe.title" }), this.#dropping(), this.uploads.element, this.uploads.unfinished, this.jobs.element,
    );
    this.place = el("div", {});
    root.append(this.home, this.place);
    const leaving = new AbortController();
    this.#ends = [() => leaving.abort(), app.onLanguage(() => this.#draw())];
    this.#listen(leaving.signal);
    void this.#begin();
  }

  async #begin() {
    this.#follow();
    if (!this.#recording) this.jobs.show();
    try {
      await this.options.load();
    } catch (error) {
      this.app.notice(why(error), "error");
    }
    await this.uploads.offer();
  }

  #dropping() {
    const choose = el("button", { type: "button", className: "primary", onclick: () => this.picker.click() }, glyph("upload"), el("span", { t: "transcribe.choose" }));
    this.zone = el(
      "div", { className: "zone" },
      el("p", { className: "big", t: "transcribe.drop" }), el("p", { className: "soft small", t: "transcribe.drop.more" }), choose, this.picker,
    );
    return el("section", { className: "card stack" }, this.zone, this.options.element);
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    window.addEventListener("hashchange", () => this.#follow(), { signal });
    document.addEventListener("visibilitychange", () => this.#isShown && !document.hidden && !this.#recording && this.jobs.show(), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    // Files may be let go anywhere: beside the zone a browser would open them and leave the page.
    window.addEventListener("dragover", (event) => this.#over(event), { signal });
    window.addEventListener("dragleave", (event) => !event.relatedTarget && this.#aim(false), { signal });
    window.addEventListener("drop", (event) => this.#dropped(event), { signal });
    document.addEventListener("click", (event) => this.#outside(event), { signal });
  }

  /** @param {DragEvent} event */
  #over(event) {
    if (!this.#isShown || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#aim(true);
  }

  /** @param {boolean} on */
  #aim(on) {
    this.zone?.classList.toggle("aimed", on);
    this.root.classList.toggle("aimed", on);
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    if (!this.#isShown || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#aim(false);
    this.#send([...event.dataTransfer.files]);
  }

  #picked() {
    this.#send([...(this.picker.files ?? [])]);
    this.picker.value = "";
  }

  /** @param {File[]} files */
  #send(files) {
    if (!files.length) return;
    if (this.#recording) this.app.go("transcribe");
    this.uploads.add(files, this.options.metadata);
  }

  /**
   * @param {string} id
   * @param {boolean} alone
   */
  #admitted(id, alone) {
    void this.jobs.refresh();
    // Who sent a single file wants to see its text come; who sent many looks after the others.
    if (alone && this.uploads.isEmpty && this.#isShown && !this.#recording) this.#go(id);
  }

  /** @param {string} id */
  #go(id) {
    location.hash = `transcribe/${id}`;
  }

  /** Show what the address names. */
  #follow() {
    const [view, id = ""] = location.hash.slice(1).split("/");
    if (view !== "transcribe" || (this.#recording?.id ?? "") === id) return;
    this.#recording?.close();
    this.#recording = id ? new Recording(this.app, id, { cancel: (job) => this.jobs.cancel(job), again: (job) => void this.#again(job) }) : null;
    this.home.hidden = Boolean(this.#recording);
    this.place.replaceChildren(...(this.#recording ? [this.#recording.element] : []));
    window.scrollTo(0, 0);
    if (!this.#recording) {
      this.jobs.show();
      return;
    }
    this.jobs.hide();
    void this.#recording.open();
  }

  /**
   * Send a recording once more that is on the server, with the options of now.
   * @param {import("./jobs.js").Job} job
   */
  async #again(job) {
    this.app.notice(this.app.t("transcribe.again.fetching"));
    try {
      const answer = await this.app.fetch(`/v1/jobs/${job.task_id}/media`);
      const file = new File([await answer.blob()], job.file_name);
      if (this.#recording) this.app.go("transcribe");
      this.uploads.add([file], { ...this.options.metadata, force_refresh: "true" });
    } catch (error) {
      this.app.notice(why(error), "error");
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (!this.#isShown || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isField = Boolean(target.closest?.("input, textarea, select, [contenteditable]"));
    const isButton = Boolean(target.closest?.("button, a, summary")) && [" ", "Enter"].includes(event.key);
    if (isField || isButton) return;
    if (this.#recording?.pressed(event)) event.preventDefault();
  }

  /** A menu closes when somebody clicks elsewhere. @param {MouseEvent} event */
  #outside(event) {
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (this.root.querySelectorAll("details.menu[open]"))) {
      if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
    }
  }

  #draw() {
    this.options.draw();
    this.uploads.draw();
    this.jobs.draw();
    this.#recording?.draw();
  }

  show() {
    this.#isShown = true;
    this.#follow();
    if (!this.#recording) this.jobs.show();
  }

  hide() {
    this.#isShown = false;
    this.jobs.hide();
    this.#recording?.hide();
  }

  close() {
    for (const end of this.#ends) end();
    this.jobs.hide();
    this.uploads.close();
    this.#recording?.close();
  }
}
