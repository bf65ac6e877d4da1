/** The options of a job: recogniser, language, speakers, times of words. Kept in this browser. */
import { el } from "../dom.js";

/**
 * @typedef {object} Profile as /v1/profiles has it
 * @property {string} name
 * @property {boolean} default
 * @property {"ready" | "broken" | "not_installed"} state
 * @property {string | null} reason
 * @property {string[] | null} languages
 * @property {string[]} capabilities
 *
 * @typedef {object} Choice
 * @property {string} engine "" is the default
 * @property {string} language "" is found out
 * @property {string} speakers "", "off", or a number
 * @property {boolean} words
 */

const KEY = "parley.transcribe";
const MOST_SPEAKERS = 10;
/** What recognisers of any language are asked for most. */
const LANGUAGES = ["en", "zh", "yue", "ja", "ko", "de", "fr", "es", "it", "pt", "nl", "ru", "uk", "pl", "ar", "hi", "tr", "vi", "th", "id"];

/**
 * Options of a job as `Upload-Metadata` has them; "" is left out there.
 * @param {Choice} choice
 * @returns {Record<string, string>}
 */
function metadataOf({ engine, language, speakers, words }) {
  return {
    engine,
    language,
    diarize: speakers === "off" ? "false" : "",
    num_speakers: /^\d+$/.test(speakers) ? speakers : "",
    word_align: words ? "true" : "",
  };
}

/**
 * Languages to offer for a recogniser: its own, or the usual ones where it takes any.
 * @param {Pick<Profile, "languages"> | undefined} profile
 */
export function languagesOf(profile) {
  return profile?.languages ?? LANGUAGES;
}

export class Options {
  /** @type {Profile[]} */
  #profiles = [];
  /** @type {Choice} */
  #choice;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.#choice = kept();
    this.profile = el("select", { name: "engine", onchange: () => this.#chosen() });
    this.language = el("select", { name: "language", onchange: () => this.#chosen() });
    this.speakers = el("select", { name: "speakers", onchange: () => this.#chosen() });
    this.words = el("input", { type: "checkbox", name: "words", onchange: () => this.#chosen() });
    this.element = el(
      "div", { className: "options" },
      el("label", { className: "field" }, el("span", { t: "transcribe.profile" }), this.profile),
      el("label", { className: "field" }, el("span", { t: "transcribe.language" }), this.language),
      el("label", { className: "field" }, el("span", { t: "transcribe.speakers" }), this.speakers),
      el("label", { className: "check" }, this.words, el("span", { t: "transcribe.words" })),
    );
    this.draw();
  }

  /** As they stand now. @returns {Record<string, string>} */
  get metadata() {
    return metadataOf(this.#choice);
  }

  async load() {
    const { profiles } = await this.app.json("/v1/profiles");
    this.#profiles = profiles;
    if (!profiles.some((/** @type {Profile} */ each) => each.name === this.#choice.engine && each.state !== "not_installed")) this.#choice.engine = "";
    this.draw();
  }

  /** Write all of it, in the language of the page. */
  draw() {
    const { t } = this.app;
    const choice = this.#choice;
    const names = { ready: (/** @type {string} */ name) => name, broken: (/** @type {string} */ name) => t("transcribe.profile.broken", { name }), not_installed: (/** @type {string} */ name) => t("transcribe.profile.missing", { name }) };
    const main = this.#profiles.find((each) => each.default);
    const others = this.#profiles.filter((each) => each !== main);
    others.sort((a, b) => Number(a.state === "not_installed") - Number(b.state === "not_installed"));
    fill(this.profile, [
      { value: "", text: t("transcribe.profile.default", { name: main?.name ?? "…" }) },
      ...others.map((each) => ({ value: each.name, text: names[each.state](each.name), disabled: each.state === "not_installed", title: each.reason ?? "" })),
    ], choice.engine);
    const profile = this.#profiles.find((each) => each.name === choice.engine) ?? main;
    const titles = new Intl.DisplayNames([this.app.language() === "zh" ? "zh-Hans" : "en"], { type: "language" });
    const languages = languagesOf(profile).map((code) => ({ value: code, text: titles.of(code) ?? code }));
    fill(this.language, [{ value: "", text: t("transcribe.language.auto") }, ...languages], choice.language);
    const counts = Array.from({ length: MOST_SPEAKERS }, (_, index) => index + 1);
    fill(this.speakers, [
      { value: "", text: t("transcribe.speakers.auto") },
      { value: "off", text: t("transcribe.speakers.off") },
      ...counts.map((n) => ({ value: String(n), text: n === 1 ? t("transcribe.speakers.one") : t("transcribe.speakers.many", { n }) })),
    ], choice.speakers);
    const hasWords = !profile || profile.capabilities.includes("words");
    this.words.disabled = !hasWords;
    this.words.checked = hasWords && choice.words;
    /** @type {HTMLElement} */ (this.words.parentElement).title = hasWords ? "" : t("transcribe.words.none");
    // What this recogniser does not know was taken back while it was drawn.
    this.#choice = { ...choice, language: this.language.value, words: this.words.checked };
  }

  #chosen() {
    this.#choice = { engine: this.profile.value, language: this.language.value, speakers: this.speakers.value, words: this.words.checked };
    this.draw();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#choice));
    } catch { /* forbidden: they hold until the page is left */ }
  }
}

/** @returns {Choice} */
function kept() {
  /** @type {Choice} */
  const none = { engine: "", language: "", speakers: "", words: false };
  try {
    return { ...none, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return none;
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {{value: string, text: string, disabled?: boolean, title?: string}[]} choices
 * @param {string} chosen the first where there is no such
 */
function fill(select, choices, chosen) {
  select.replaceChildren(...choices.map((each) => new Option(each.text, each.value)));
  for (const [index, each] of choices.entries()) {
    const option = /** @type {HTMLOptionElement} */ (select.options[index]);
    option.disabled = Boolean(each.disabled);
    option.title = each.title ?? "";
  }
  select.value = choices.some((each) => each.value === chosen) ? chosen : choices[0]?.value ?? "";
}
