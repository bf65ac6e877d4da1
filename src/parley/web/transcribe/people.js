/** Who speaks in a transcript: chips in their colours, which are also where they are renamed. */
import { el } from "../dom.js";
import { initials, titled } from "./speakers.js";

/**
 * How much of the speech is whose, in percent of all of it.
 * @param {readonly {start: number, end: number, speaker?: string | null}[]} segments
 * @returns {Map<string, number>}
 */
function shares(segments) {
  /** @type {Map<string, number>} */
  const seconds = new Map();
  let all = 0;
  for (const { start, end, speaker } of segments) {
    if (!speaker) continue;
    seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
    all += end - start;
  }
  return new Map([...seconds].map(([label, each]) => [label, all ? Math.round((100 * each) / all) : 0]));
}

export class People {
  /** The label that is being renamed. */
  #renaming = "";

  /**
   * @param {import("../app.js").App} app
   * @param {import("./corrections.js").Corrections} corrections
   * @param {Map<string, string>} colours
   * @param {(label: string, name: string) => void} rename
   */
  constructor(app, corrections, colours, rename) {
    this.app = app;
    this.corrections = corrections;
    this.colours = colours;
    this.rename = rename;
    this.shares = shares(corrections.transcript.segments);
    this.list = el("ul", { className: "people" });
    this.element = el("section", { className: "stack tight", "aria-labelledby": "people" }, el("h2", { t: "transcribe.people", id: "people" }), this.list, el("p", { className: "small soft hint", t: "transcribe.speaker.hint" }));
    this.element.hidden = !corrections.transcript.speakers.length;
    this.draw();
  }

  /** What to call somebody here. @param {string} label */
  title(label) {
    const name = this.corrections.name(label);
    return name === label ? titled(label, this.app.t) : name;
  }

  draw() {
    if (this.#renaming) return;
    this.list.replaceChildren(...this.corrections.transcript.speakers.map((label) => this.#chip(label)));
  }

  /** @param {string} label */
  #chip(label) {
    const name = this.title(label);
    const dot = el("span", { className: "dot", "aria-hidden": "true" }, initials(name));
    const percent = this.shares.get(label) ?? 0;
    const share = el("span", { className: "soft number" }, `${percent} %`);
    const button = el("button", { type: "button", className: "person", "aria-label": this.app.t("transcribe.speaker.rename", { name }), "data-label": label, onclick: () => this.#edit(label) }, dot, el("span", { className: "called" }, name), share);
    button.style.setProperty("--share", `${percent}%`);
    button.title = this.app.t("transcribe.speaker.rename", { name });
    button.style.setProperty("--voice", this.colours.get(label) ?? "var(--text)");
    return el("li", { "data-label": label }, button);
  }

  /** @param {string} label */
  #edit(label) {
    if (this.#renaming) return;
    this.#renaming = label;
    const before = this.corrections.isNamed(label) ? this.corrections.name(label) : "";
    const field = el("input", { type: "text", maxLength: 100, value: before, placeholder: titled(label, this.app.t), className: "naming", "aria-label": this.app.t("transcribe.speaker.name", { name: this.title(label) }) });
    field.style.setProperty("--voice", this.colours.get(label) ?? "var(--text)");
    const end = (/** @type {boolean} */ keep) => {
      if (this.#renaming !== label) return;
      this.#renaming = "";
      this.draw();
      this.#chipOf(label)?.focus();
      if (keep) this.rename(label, field.value);
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key !== "Enter" && event.key !== "Escape") return;
      // Else the same key presses the chip that gets the focus.
      event.preventDefault();
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    this.list.querySelector(`li[data-label="${CSS.escape(label)}"]`)?.replaceChildren(field);
    field.focus();
    field.select();
  }

  /** @param {string} label */
  #chipOf(label) {
    return /** @type {HTMLElement | null} */ (this.list.querySelector(`button[data-label="${CSS.escape(label)}"]`));
  }
}
