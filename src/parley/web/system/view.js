/** The System view: how the server is, asked anew every few seconds while somebody looks. */
import { el } from "../dom.js";
import { why } from "../transcribe/saying.js";
import { lasting, moment } from "../transcribe/times.js";
import { devices, figures, numbers, profiles, troubles, workers } from "./parts.js";
import { Polling } from "./polling.js";
import { words } from "./words.js";

const EVERY_MS = 3000;

/**
 * @param {HTMLElement} root
 * @param {import("../app.js").App} app
 * @returns {Promise<import("../app.js").Mounted>}
 */
export async function mount(root, app) {
  app.words(words);
  await app.style("system/view.css");
  return new View(root, app);
}

class View {
  /** @type {import("./parts.js").System | null} */
  #system = null;
  #at = 0;
  #problem = "";
  #isShown = true;
  /** What each card shows, so that one that did not change keeps its focus and its selection. @type {Map<string, string>} */
  #written = new Map();
  #ends;

  /**
   * @param {HTMLElement} root
   * @param {import("../app.js").App} app
   */
  constructor(root, app) {
    this.app = app;
    this.state = el("p", { className: "row state" });
    this.reasons = el("ul", { className: "callout warn reasons", hidden: true });
    this.trouble = el("p", { className: "callout bad", role: "alert", hidden: true });
    /** @type {Record<string, HTMLElement>} */
    this.cards = {};
    const head = el("header", { className: "head" }, el("h1", { t: "system.title" }), this.state);
    root.append(
      el("div", { className: "stack" }, head, this.trouble, this.reasons,
        el("div", { className: "cards" },
          this.#card("now", "system.now", "whole"), this.#card("troubles", "system.errors", ""), this.#card("devices", "system.devices", "", "system.devices.how"),
          this.#card("workers", "system.workers", "whole"), this.#card("profiles", "system.profiles", "", "system.profiles.how"), this.#card("figures", "system.figures", "")),
      ),
    );
    this.polling = new Polling(() => this.#ask(), EVERY_MS);
    const leaving = new AbortController();
    document.addEventListener("visibilitychange", () => this.#look(), { signal: leaving.signal });
    this.#ends = [() => leaving.abort(), app.onLanguage(() => this.draw())];
    this.#look();
  }

  /**
   * @param {string} name
   * @param {string} title
   * @param {string} kind
   * @param {string} [how]
   */
  #card(name, title, kind, how) {
    const body = (this.cards[name] = el("div", { className: "stack tight", "data-card": name }));
    return el("section", { className: `card stack ${kind}`, "aria-labelledby": `system-${name}` }, el("div", {}, el("h2", { t: title, id: `system-${name}` }), how ? el("p", { className: "small soft", t: how }) : null), body);
  }

  #look() {
    if (this.#isShown && !document.hidden) this.polling.start();
    else this.polling.stop();
  }

  async #ask() {
    try {
      this.#system = await this.app.json("/v1/system");
      this.#at = Date.now();
      this.#problem = "";
    } catch (error) {
      this.#problem = why(error);
      throw error;
    } finally {
      this.draw();
    }
  }

  /** Write all of it in the language of the page. */
  draw() {
    this.trouble.hidden = !this.#problem;
    this.trouble.textContent = this.#system && this.#problem ? `${this.app.t("system.stale")} ${this.#problem}` : this.#problem;
    const system = this.#system;
    if (!system) return;
    this.#drawHead(system);
    const copy = (/** @type {string} */ command) => void this.#copy(command);
    this.#write("now", [system.queue, system.sessions], () => numbers(system));
    this.#write("troubles", system.recent_errors, () => troubles(system));
    this.#write("devices", [system.devices, system.notices], () => devices(system));
    this.#write("workers", system.workers, () => workers(system));
    this.#write("profiles", system.profiles, () => profiles(system, copy));
    this.#write("figures", system.figures, () => figures(system));
  }

  /** @param {import("./parts.js").System} system */
  #drawHead(system) {
    const { t } = this.app;
    const language = this.app.language();
    const isWell = system.ready && !this.#problem;
    const facts = [t("system.version", { version: system.version }), t("system.uptime", { time: lasting(system.uptime_s, language) })];
    if (this.#problem) facts.push(t("system.updated", { time: moment(this.#at, language) }));
    this.state.replaceChildren(el("span", { className: `pill ${isWell ? "good" : "warn"}` }, el("span", { className: "light", "aria-hidden": "true" }), t(system.ready ? "system.ready" : "system.unready")), el("span", { className: "soft small number" }, facts.join(" · ")));
    this.reasons.replaceChildren(...system.reasons.map((reason) => el("li", {}, reason)));
    this.reasons.hidden = !system.reasons.length;
  }

  /**
   * @param {string} name
   * @param {unknown} facts
   * @param {() => (Node | false | null)[]} make
   */
  #write(name, facts, make) {
    const written = this.app.language() + JSON.stringify(facts);
    const card = this.cards[name];
    if (!card || this.#written.get(name) === written) return;
    this.#written.set(name, written);
    const open = new Set([...card.querySelectorAll("details[open]")].map((each) => /** @type {HTMLElement} */ (each).dataset.keep));
    card.replaceChildren(.../** @type {Node[]} */ (make().filter(Boolean)));
    for (const each of card.querySelectorAll("details")) each.open = open.has(each.dataset.keep);
  }

  /** @param {string} command */
  async #copy(command) {
    try {
      await navigator.clipboard.writeText(command);
      this.app.notice(this.app.t("system.copied"));
    } catch (error) {
      // Without TLS browsers keep the clipboard to themselves.
      this.app.notice(command);
    }
  }

  show() {
    this.#isShown = true;
    this.#look();
  }

  hide() {
    this.#isShown = false;
    this.#look();
  }

  close() {
    this.polling.stop();
    for (const end of this.#ends) end();
  }
}
