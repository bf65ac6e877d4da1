/** The Talk view: a conversation by voice or by keys. */
import { NoMicrophone, openMicrophone, whyNot } from "../audio/microphone.js";
import { Player } from "../audio/player.js";
import { el, glyph } from "../dom.js";
import { Conversation } from "./conversation.js";
import { History } from "./history.js";
import { Log } from "./log.js";
import { note, parrotNote } from "./notes.js";
import { sentenceOf } from "./problems.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { Turns } from "./turns.js";
import { words } from "./words.js";

/** @typedef {import("../app.js").App} App */

const ANSWERING = new Set(["Thinking", "Speaking"]);
const MOST_TYPED = 4000;
const KEPT = "parley.conversation";

/**
 * @param {HTMLElement} root
 * @param {App} app
 * @returns {Promise<import("../app.js").Mounted>}
 */
export async function mount(root, app) {
  app.words(words);
  await app.style("talk/view.css");
  const talk = new Talk(root, app);
  void talk.load();
  return talk;
}

class Talk {
  /** @type {import("../audio/microphone.js").Microphone | null} */ #microphone = null;
  #isOpening = false;
  #loudness = 0;
  #isShown = true;
  #timer = 0;
  #noted = "";
  #answered = false;
  #wanted = "";
  #urgent = el("p", { className: "unseen", role: "alert" });
  #input = el("input", { type: "text", maxLength: MOST_TYPED, autocomplete: "off", enterKeyHint: "send", tLabel: "talk.type", tPlaceholder: "talk.type" });

  /**
   * @param {HTMLElement} root
   * @param {App} app
   */
  constructor(root, app) {
    this.app = app;
    this.wide = matchMedia("(min-width: 901px)");
    this.beside = el("details", { className: "beside" });
    this.turns = new Turns();
    this.player = new Player({
      played: (turn, samples) => this.conversation.played(turn, samples),
      lost: () => app.notice(app.t("talk.sound.lost"), "error"),
    });
    this.settings = new Settings(app, {
      changed: (wish) => this.#change(wish), device: () => void this.#changeDevice(), begin: () => this.#beginAnew(),
    });
    this.conversation = new Conversation(this.turns, this.player, this.settings.wish, {
      changed: () => this.#draw(), turn: (turn) => this.#drawTurn(turn), login: () => app.login(),
      problem: (code, message, isOver) => this.#fail(code, message, isOver),
    });
    this.stage = new Stage({ microphone: () => void this.#press(), interrupt: () => this.conversation.interrupt() });
    this.log = new Log();
    this.history = new History(app, { goOn: (id) => this.#goOn(id), deleted: (id) => this.#forgotten(id) });
    root.append(this.#urgent, el(
      "div", { className: "columns" },
      el("div", { className: "talking" }, this.stage.element, this.log.element, this.#composer()),
      this.#beside(),
    ));
    document.addEventListener("keydown", this.#escape);
    this.unfollow = app.onLanguage(() => this.#write());
    this.#draw();
  }

  /** Ask for voices and stored conversations. */
  async load() {
    try {
      await Promise.all([this.settings.load(), this.history.load()]);
    } catch (error) {
      this.app.notice(error instanceof Error ? error.message : String(error), "error");
    }
    await this.settings.nameMicrophones("");
    const kept = recall();
    if (kept && !this.conversation.id && this.conversation.link === "off") await this.#goOn(kept, true);
  }

  show() {
    this.#isShown = true;
    void this.history.load();
    this.#animate();
  }

  hide() {
    this.#isShown = false;
  }

  close() {
    document.removeEventListener("keydown", this.#escape);
    this.wide.removeEventListener("change", this.#fold);
    this.unfollow();
    this.#closeMicrophone();
    this.conversation.leave();
    this.player.close();
  }

  /** Beside the conversation where there is room, folded away above it where there is none. */
  #beside() {
    const aside = el("aside", { className: "panels" }, this.settings.element, this.history.element);
    this.beside.append(el("summary", {}, glyph("settings"), el("span", { t: "talk.beside" })), aside);
    this.beside.open = this.wide.matches;
    this.wide.addEventListener("change", this.#fold);
    return this.beside;
  }

  #fold = () => {
    this.beside.open = this.wide.matches;
  };

  /** To the words, whatever was looked at before. */
  #turnToLog() {
    this.#fold();
    this.#draw();
    this.log.toEnd();
    this.#input.focus({ preventScroll: !this.wide.matches });
  }

  #composer() {
    const send = el("button", { type: "submit", className: "primary icon", tLabel: "talk.send" }, glyph("send"));
    return el("form", { className: "composer", onsubmit: (/** @type {Event} */ event) => this.#type(event) }, this.#input, send);
  }

  /** @param {Event} event */
  #type(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (!text) return;
    void this.#unlock();
    if (this.conversation.type(text)) this.#input.value = "";
    else this.app.notice(this.app.t("talk.typed.full"), "error");
  }

  #escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !this.#isShown || document.querySelector("dialog[open]")) return;
    if (ANSWERING.has(this.conversation.state)) this.conversation.interrupt();
  };

  /** The microphone's button. */
  async #press() {
    if (this.#isOpening) return;
    if (!this.#microphone) {
      if (ANSWERING.has(this.conversation.state)) this.conversation.interrupt();
      return this.#open();
    }
    if (this.conversation.state === "Listening") this.conversation.finalize();
    this.#closeMicrophone();
    this.#draw();
  }

  async #open() {
    this.#isOpening = true;
    const unlocked = this.#unlock();
    try {
      this.#microphone = await openMicrophone(this.settings.deviceId, {
        frame: (pcm, level) => this.#hear(pcm, level),
        ended: (why) => this.#lostMicrophone(why),
      });
    } catch (error) {
      this.#lostMicrophone(error instanceof NoMicrophone ? error.key : "mic.failed");
      return;
    } finally {
      this.#isOpening = false;
    }
    await unlocked;
    this.conversation.begin();
    void this.settings.nameMicrophones(this.#microphone.deviceId);
    this.#draw();
    this.#animate();
  }

  async #unlock() {
    try {
      await this.player.unlock();
    } catch (error) {
      console.error(error);
      this.app.notice(this.app.t("talk.sound.blocked"), "error");
    }
  }

  /**
   * @param {ArrayBuffer} pcm
   * @param {number} level
   */
  #hear(pcm, level) {
    this.#loudness = level;
    this.conversation.hear(pcm);
  }

  /** @param {string} why */
  #lostMicrophone(why) {
    this.#closeMicrophone();
    this.app.notice(this.app.t(`talk.${why}`), "error");
    this.#draw();
  }

  #closeMicrophone() {
    this.#microphone?.close();
    this.#microphone = null;
    this.#loudness = 0;
  }

  async #changeDevice() {
    if (!this.#microphone) return;
    this.#closeMicrophone();
    await this.#open();
  }

  /** @param {import("./conversation.js").Wish} wish */
  #change(wish) {
    this.conversation.change(wish);
    this.#draw();
  }

  #beginAnew() {
    this.conversation.reset();
    remember("");
    this.log.show([]);
    this.#turnToLog();
    void this.history.load();
  }

  /** @param {string} id @param {boolean} [quietly] nobody asked for it */
  async #goOn(id, quietly = false) {
    this.#wanted = id;
    try {
      const { items } = await this.app.json(`/v1/conversations/${encodeURIComponent(id)}?last=200`);
      // Another one was chosen meanwhile, or somebody began to speak.
      if (this.#wanted !== id || (quietly && this.conversation.link !== "off")) return;
      this.conversation.goOnWith(id);
      this.turns.recall(items);
      this.log.show(this.turns.all);
      if (this.#microphone) this.conversation.begin();
      this.#turnToLog();
    } catch (error) {
      if (quietly) return remember("");
      this.app.notice(error instanceof Error ? error.message : String(error), "error");
    }
  }

  /** @param {string} id */
  #forgotten(id) {
    if (id === this.conversation.id) this.#beginAnew();
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} isOver
   */
  #fail(code, message, isOver) {
    const { t } = this.app;
    const own = { line_lost: t("talk.line_lost"), idle_timeout: t("talk.idle") }[code];
    const sentence = own ?? sentenceOf(code, message, this.app.language());
    if (isOver) this.#closeMicrophone();
    if (isOver) this.app.notice(sentence, code === "idle_timeout" ? "info" : "error");
    else this.#drawTurn(this.turns.fail(sentence));
    this.#urgent.textContent = isOver ? "" : sentence;
    this.#draw();
  }

  /** @param {import("./turns.js").Turn} turn */
  #drawTurn(turn) {
    this.log.update(turn);
    // Nobody speaks it, so a screen reader does.
    if (turn.isSilent && turn.isComplete && turn.answer) this.app.announce(turn.answer);
    this.stage.shrink(!this.log.isEmpty);
    // A turn is stored when it is over.
    if (turn.metrics && turn.isComplete) this.#noteStored();
  }

  #noteStored() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.history.load(), 500);
  }

  #draw() {
    // Called while the parts are still being made.
    if (!this.stage) return;
    const { conversation } = this;
    const why = whyNot();
    this.stage.show(conversation, { isOn: this.#microphone !== null, isPossible: why === null });
    this.#drawNotes(why);
    this.settings.tellModel(conversation.facts?.parrot ? "" : conversation.facts?.model ?? "");
    this.history.mark(conversation.id ?? "");
    if (conversation.id) remember(conversation.id);
    if (conversation.state === "Speaking") this.#animate();
    this.stage.shrink(!this.log.isEmpty);
    this.#endTurnOfMicrophone();
  }

  /** Sentences are made anew only when they are others: one may be unfolded. @param {string | null} why */
  #drawNotes(why) {
    const { facts } = this.conversation;
    const wanted = [
      why ? `talk.${why}` : "", facts?.parrot ? "parrot" : "", facts && facts.voice === null ? "talk.voice.none" : "",
    ].filter(Boolean);
    const told = [this.app.language(), ...wanted].join();
    if (told === this.#noted) return;
    this.#noted = told;
    this.stage.note(wanted.map((key) => (key === "parrot" ? parrotNote() : note(key))));
  }

  /** Without hands-free the microphone is for one turn. */
  #endTurnOfMicrophone() {
    const answersNow = ANSWERING.has(this.conversation.state);
    const began = answersNow && !this.#answered;
    this.#answered = answersNow;
    if (!began || this.conversation.wish.hands_free || !this.#microphone) return;
    this.#closeMicrophone();
    this.#draw();
  }

  #isAnimated = false;

  #animate() {
    if (this.#isAnimated) return;
    this.#isAnimated = true;
    const step = () => {
      const speaks = this.conversation.state === "Speaking";
      this.stage.loud(this.#loudness, speaks ? this.player.level() : 0);
      this.#isAnimated = this.#isShown && (this.#microphone !== null || speaks);
      if (this.#isAnimated) requestAnimationFrame(step);
      else this.stage.loud(0, 0);
    };
    requestAnimationFrame(step);
  }

  #write() {
    this.settings.write();
    this.history.write();
    this.log.show(this.turns.all);
    this.#draw();
  }
}

/** The conversation of this tab, so that a reload goes on with it. @param {string} id "" for none */
function remember(id) {
  try {
    sessionStorage.setItem(KEPT, id);
  } catch { /* forbidden: it can be chosen from the list */ }
}

function recall() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}
