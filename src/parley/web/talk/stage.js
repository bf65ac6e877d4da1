/**
 * The stage: whose turn it is, the microphone's button, how loud it is.
 *
 * @typedef {import("./conversation.js").Conversation} Conversation
 * @typedef {object} Actions
 * @property {() => void} microphone the button was pressed
 * @property {() => void} interrupt
 */
import { el, glyph } from "../dom.js";
import { t } from "../i18n.js";

const ANSWERING = new Set(["Thinking", "Speaking"]);

export class Stage {
  #state = el("p", { className: "state", role: "status", "aria-live": "polite" });
  #hint = el("p", { className: "hint soft" });
  #button = el("button", { type: "button", className: "orb", tLabel: "talk.mic.on", "aria-pressed": "false" });
  #rings = el("span", { className: "rings", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  #bar = el("i");
  #meter = el("div", { className: "meter", role: "meter", tLabel: "talk.mic.level", "aria-valuemin": "0", "aria-valuemax": "100" }, this.#bar);
  #interrupt = el("button", { type: "button", className: "interrupt", hidden: true }, glyph("stop"), el("span", { t: "talk.interrupt" }), el("kbd", {}, "Esc"));
  #notes = el("div", { className: "notes stack" });
  #level = 0;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#button.append(this.#rings, glyph("mic"));
    this.#button.onclick = actions.microphone;
    this.#interrupt.onclick = actions.interrupt;
    const told = el("div", { className: "told" }, this.#state, this.#hint, this.#meter);
    this.element = el("section", { className: "stage card" }, this.#button, told, el("div", { className: "actions" }, this.#interrupt), this.#notes);
  }

  get button() {
    return this.#button;
  }

  /**
   * Show whose turn it is.
   * @param {Conversation} conversation
   * @param {{isOn: boolean, isPossible: boolean}} microphone
   */
  show(conversation, microphone) {
    const told = conversation.link === "open" ? conversation.state : conversation.link;
    // The server waits for a first word; who has pressed the button is listened to already.
    const state = told === "Idle" && microphone.isOn && !conversation.wish.hands_free ? "Listening" : told;
    const isSilent = state === "Listening" && !microphone.isOn;
    this.element.dataset.state = isSilent ? "Idle" : state;
    const words = t(`talk.state.${isSilent ? "Idle" : state}`);
    // The same words again would be read out again.
    if (this.#state.textContent !== words) this.#state.textContent = words;
    this.#hint.textContent = t(isSilent ? "talk.hint.Listening.silent" : `talk.hint.${state}`);
    this.#interrupt.hidden = !ANSWERING.has(state);
    this.#showButton(conversation, microphone);
    this.#meter.style.visibility = microphone.isOn ? "visible" : "hidden";
  }

  /**
   * @param {Conversation} conversation
   * @param {{isOn: boolean, isPossible: boolean}} microphone
   */
  #showButton(conversation, { isOn, isPossible }) {
    const key = !isOn ? "talk.mic.on" : conversation.wish.hands_free ? "talk.mic.off" : "talk.mic.done";
    const button = this.#button;
    button.dataset.tLabel = key;
    button.title = t(key);
    button.setAttribute("aria-label", t(key));
    button.setAttribute("aria-pressed", String(isOn));
    button.setAttribute("aria-disabled", String(!isPossible));
  }

  /** Make room for what was said. @param {boolean} isSmall */
  shrink(isSmall) {
    this.element.classList.toggle("small", isSmall);
  }

  /** How loud it is, 0 to 1: the microphone, or the answer. @param {number} microphone @param {number} answer */
  loud(microphone, answer) {
    const target = Math.max(microphone, answer);
    // Up at once, down slowly, as eyes expect.
    this.#level = target > this.#level ? target : this.#level * 0.9 + target * 0.1;
    this.#rings.style.setProperty("--level", this.#level.toFixed(3));
    this.#bar.style.width = `${Math.round(microphone * 100)}%`;
    this.#meter.setAttribute("aria-valuenow", String(Math.round(microphone * 100)));
  }

  /** Sentences that stay as long as what they tell is so. @param {Node[]} notes */
  note(notes) {
    this.#notes.replaceChildren(...notes);
  }
}
