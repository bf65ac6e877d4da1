/**
 * Voice, language, microphone, hands-free: what the visitor chose is kept in this browser.
 *
 * @typedef {import("./conversation.js").Wish} Wish
 * @typedef {{id: string, name: string, languages: string[], summary: string, engine: string}} Voice
 *
 * @typedef {object} Actions
 * @property {(wish: Wish) => void} changed
 * @property {(deviceId: string) => void} device
 * @property {() => void} begin a new conversation
 */
import { microphones } from "../audio/microphone.js";
import { el, glyph } from "../dom.js";
import { language as pageLanguage, t } from "../i18n.js";

const KEY = "parley.talk";
/** Voices of these come first. */
const OURS = ["en", "zh"];
/** To choose from where a profile understands any. */
const COMMON = ["en", "zh", "ar", "de", "es", "fr", "hi", "it", "ja", "ko", "pt", "ru"];

export class Settings {
  #voice = el("select", { id: "talk-voice" });
  #preview = el("button", { type: "button", className: "icon", tLabel: "talk.voice.preview" }, glyph("speaker"));
  #language = el("select", { id: "talk-language" });
  #device = el("select", { id: "talk-device" });
  #hands = el("input", { type: "checkbox", role: "switch", id: "talk-hands", "aria-describedby": "talk-hands-why" });
  #model = el("p", { className: "soft small model", hidden: true });
  /** @type {Voice[]} */ #voices = [];
  /** @type {string[]} */ #understood = [];
  /** @type {HTMLAudioElement | null} */ #playing = null;
  #chosen = kept();

  /**
   * @param {import("../app.js").App} app
   * @param {Actions} actions
   */
  constructor(app, actions) {
    this.app = app;
    this.actions = actions;
    this.#hands.checked = this.#chosen.hands_free;
    for (const control of [this.#voice, this.#language, this.#hands]) control.addEventListener("change", () => this.#choose());
    this.#device.addEventListener("change", () => actions.device(this.#device.value));
    this.#preview.onclick = () => void this.#hear();
    this.element = el(
      "section", { className: "settings card stack", tLabel: "talk.settings" },
      field("talk-voice", "talk.voice", el("div", { className: "row fill" }, this.#voice, this.#preview)),
      field("talk-language", "talk.language", this.#language),
      field("talk-device", "talk.device", this.#device),
      el("div", {}, el("label", { className: "check", htmlFor: "talk-hands" }, this.#hands, el("span", { t: "talk.hands" })),
        el("p", { className: "soft small", id: "talk-hands-why", t: "talk.hands.why" })),
      this.#model,
      el("button", { type: "button", onclick: () => actions.begin() }, glyph("plus"), el("span", { t: "talk.new" })),
    );
    this.write();
  }

  /** @returns {Wish} */
  get wish() {
    const { voice, language, hands_free } = this.#chosen;
    return { voice: voice || null, language: language || null, hands_free };
  }

  get deviceId() {
    return this.#device.value;
  }

  /** Ask which voices there are, and which languages are understood. */
  async load() {
    const [{ voices }, { profiles }] = await Promise.all([this.app.json("/v1/voices"), this.app.json("/v1/profiles")]);
    this.#voices = voices;
    this.#understood = languagesOf(profiles);
    this.write();
  }

  /** Name the microphones, which browsers do once one was allowed. @param {string} current */
  async nameMicrophones(current) {
    const found = await microphones();
    this.#device.replaceChildren(
      el("option", { value: "" }, t("talk.device.any")),
      ...found.filter(({ deviceId }) => deviceId !== "default").map(({ deviceId, label }) => el("option", { value: deviceId }, label || t("talk.device"))),
    );
    this.#device.value = found.some(({ deviceId }) => deviceId === current && deviceId !== "default") ? current : "";
  }

  /** Which language model answers. @param {string} name "" for none */
  tellModel(name) {
    this.#model.hidden = !name;
    this.#model.replaceChildren(`${t("talk.model")}: `, el("span", { className: "mono" }, name));
  }

  /** Write all choices in the page's language. */
  write() {
    const { voice, language } = this.#chosen;
    const languages = this.#understood;
    this.#language.replaceChildren(
      el("option", { value: "" }, t("talk.language.any")),
      ...languages.map((code) => el("option", { value: code }, nameOf(code))),
    );
    this.#language.value = languages.includes(language) ? language : "";
    this.#voice.replaceChildren(el("option", { value: "" }, t("talk.voice.any")), ...this.#grouped());
    this.#voice.value = this.#voices.some(({ id }) => id === voice) ? voice : "";
    this.#preview.disabled = this.#voices.length === 0;
    if (!this.#device.options.length) this.#device.append(el("option", { value: "" }, t("talk.device.any")));
    else /** @type {HTMLOptionElement} */ (this.#device.options[0]).textContent = t("talk.device.any");
  }

  #grouped() {
    /** @type {Map<string, Voice[]>} */
    const groups = new Map();
    for (const voice of this.#voices) {
      const code = voice.languages[0] ?? "";
      groups.set(code, [...(groups.get(code) ?? []), voice]);
    }
    const first = (/** @type {string} */ code) => (code === pageLanguage() ? 0 : OURS.includes(code) ? 1 : 2);
    const ordered = [...groups].sort(([a], [b]) => first(a) - first(b) || nameOf(a).localeCompare(nameOf(b)));
    return ordered.map(([code, voices]) =>
      el("optgroup", { label: code ? nameOf(code) : t("talk.language.any") }, ...voices.map((voice) => el("option", { value: voice.id }, titleOf(voice)))));
  }

  #choose() {
    const chosen = { voice: this.#voice.value, language: this.#language.value, hands_free: this.#hands.checked };
    this.#chosen = chosen;
    keep(chosen);
    this.actions.changed(this.wish);
  }

  async #hear() {
    this.#playing?.pause();
    const id = this.#voice.value || this.#bestFor(this.#language.value || pageLanguage());
    if (!id) return;
    this.#preview.disabled = true;
    try {
      const sound = await (await this.app.fetch(`/v1/voices/${encodeURI(id)}/preview`)).blob();
      const url = URL.createObjectURL(sound);
      const playing = this.#playing = new Audio(url);
      playing.onended = playing.onpause = playing.onerror = () => URL.revokeObjectURL(url);
      await playing.play();
    } catch (error) {
      this.app.notice(error instanceof Error ? error.message : String(error), "error");
    } finally {
      this.#preview.disabled = false;
    }
  }

  /** @param {string} code */
  #bestFor(code) {
    return (this.#voices.find(({ languages }) => languages.includes(code)) ?? this.#voices[0])?.id;
  }
}

/**
 * @param {string} id
 * @param {string} key
 * @param {HTMLElement} control
 */
function field(id, key, control) {
  return el("div", { className: "field" }, el("label", { htmlFor: id, t: key }), control);
}

/**
 * What the profile understands that conversations are heard by.
 * @param {{default: boolean, languages: string[] | null}[]} profiles
 * @returns {string[]}
 */
function languagesOf(profiles) {
  return profiles.find((each) => each.default)?.languages ?? COMMON;
}

/** A language by its name in the page's language. @param {string} code */
function nameOf(code) {
  try {
    return new Intl.DisplayNames([pageLanguage()], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** @param {Voice} voice */
function titleOf({ name, summary }) {
  return summary && summary !== name ? `${name} · ${summary}` : name;
}

/** @returns {{voice: string, language: string, hands_free: boolean}} */
function kept() {
  try {
    const { voice = "", language = "", hands_free = true } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { voice: String(voice), language: String(language), hands_free: Boolean(hands_free) };
  } catch {
    return { voice: "", language: "", hands_free: true };
  }
}

/** @param {object} chosen */
function keep(chosen) {
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch { /* forbidden: it holds until the page is left */ }
}
