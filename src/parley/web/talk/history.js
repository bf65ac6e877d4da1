/**
 * Conversations that are stored: go on with one, delete one.
 *
 * @typedef {{conversation_id: string, title: string, updated_at: string}} Stored
 * @typedef {object} Actions
 * @property {(id: string) => Promise<void>} goOn
 * @property {(id: string) => void} deleted
 */
import { el, glyph } from "../dom.js";
import { language, t } from "../i18n.js";
import { Problem } from "../problem.js";

const A_PAGE = 20;

export class History {
  #list = el("ul", { className: "stored" });
  #none = el("p", { className: "soft small", t: "talk.history.none" });
  #more = el("button", { type: "button", className: "quiet", t: "talk.history.more", hidden: true });
  /** @type {Stored[]} */ #items = [];
  /** @type {string | null} */ #cursor = null;
  #current = "";

  /**
   * @param {import("../app.js").App} app
   * @param {Actions} actions
   */
  constructor(app, actions) {
    this.app = app;
    this.actions = actions;
    this.#more.onclick = () => void this.load(true);
    this.element = el("section", { className: "history card stack" }, el("h2", { t: "talk.history" }), this.#none, this.#list, this.#more);
  }

  /** Ask for the newest, or for those that follow what is shown. @param {boolean} [further] */
  async load(further = false) {
    const cursor = further && this.#cursor ? `&cursor=${encodeURIComponent(this.#cursor)}` : "";
    try {
      const { items, next_cursor } = await this.app.json(`/v1/conversations?limit=${A_PAGE}${cursor}`);
      this.#items = further ? [...this.#items, ...items] : items;
      this.#cursor = next_cursor;
    } catch (error) {
      // A server that keeps no conversations has none to show.
      if (!(error instanceof Problem)) throw error;
      if (error.status !== 404) this.app.notice(error.message, "error");
    }
    this.write();
  }

  /** Mark the conversation that is going on. @param {string} id */
  mark(id) {
    if (id === this.#current) return;
    this.#current = id;
    this.write();
  }

  /** Write the list in the page's language. */
  write() {
    this.#none.hidden = this.#items.length > 0;
    this.#more.hidden = this.#cursor === null;
    this.#list.replaceChildren(...this.#items.map((each) => this.#row(each)));
  }

  /** @param {Stored} stored */
  #row(stored) {
    const title = stored.title || t("talk.history.untitled");
    const isCurrent = stored.conversation_id === this.#current;
    const go = el(
      "button", { type: "button", className: "go", "aria-label": t("talk.history.go", { title }), "aria-current": isCurrent ? "true" : undefined,
        onclick: () => void this.actions.goOn(stored.conversation_id) },
      el("span", { className: "title" }, title), el("time", { className: "soft small", dateTime: stored.updated_at }, when(stored.updated_at)),
    );
    const remove = el(
      "button", { type: "button", className: "quiet icon danger", "aria-label": t("talk.history.delete", { title }), title: t("talk.history.delete", { title }),
        onclick: () => void this.#delete(stored) },
      glyph("trash"),
    );
    return el("li", { className: isCurrent ? "current" : "" }, go, remove);
  }

  /** @param {Stored} stored */
  async #delete({ conversation_id: id }) {
    if (!confirm(t("talk.history.sure"))) return;
    try {
      await this.app.fetch(`/v1/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status !== 404) return this.app.notice(error.message, "error");
    }
    this.#items = this.#items.filter((each) => each.conversation_id !== id);
    this.write();
    this.#none.hidden ? this.#list.querySelector("button")?.focus() : undefined;
    this.app.announce(t("talk.history.deleted"));
    this.actions.deleted(id);
  }
}

/** A moment as people say it: the time today, the date before. @param {string} moment */
function when(moment) {
  const date = new Date(moment);
  const isToday = date.toDateString() === new Date().toDateString();
  const how = /** @type {Intl.DateTimeFormatOptions} */ (isToday ? { timeStyle: "short" } : { dateStyle: "medium" });
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-Hans" : "en", how).format(date);
}
