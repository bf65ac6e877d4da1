/**
 * The shell: views by the address's hash, theme, language, login, notices.
 *
 * A view is a module `NAME/view.js` with `mount(root, app)`. It is called once, when the view is first shown, with an empty
 * element to fill; afterwards the view is only hidden and shown again, so that an upload or a conversation goes on
 * while another view is looked at. It gives back (or promises) any of
 *   show()  it is looked at again (not called for the first time),
 *   hide()  it is no longer looked at: stop what only matters to eyes, such as asking for numbers,
 *   close() the page is left or somebody else logs in: free everything.
 * Style sheets of a view: `await app.style("NAME/view.css")` before anything is drawn.
 * Words: `app.words(words)`, then `app.t(key)`, and `t`, `tLabel`, `tPlaceholder` of `el` (dom.js), which follow the language.
 *
 * @typedef {object} Mounted
 * @property {(() => void)} [show]
 * @property {(() => void)} [hide]
 * @property {(() => void)} [close]
 *
 * @typedef {object} App
 * @property {(path: string, init?: RequestInit) => Promise<Response>} fetch asks our server; throws Problem (problem.js) with the sentence
 *   of its problem document; asks for a token first where one is wanted, and then asks again
 * @property {(path: string, init?: RequestInit) => Promise<any>} json the same, and reads the answer
 * @property {(key: string, values?: import("./i18n.js").Values) => string} t
 * @property {(words: import("./i18n.js").Words) => void} words
 * @property {() => import("./i18n.js").Language} language
 * @property {(follower: () => void) => () => void} onLanguage be told of a change; gives what ends that
 * @property {(path: string) => Promise<void>} style load a style sheet below /page/
 * @property {(sentence: string, tone?: "info" | "error") => void} notice show and announce a sentence
 * @property {(sentence: string) => void} announce tell a screen reader only
 * @property {() => Promise<void>} login ask for a token; resolves when somebody is logged in, rejects with Problem when they would not
 * @property {(name: string) => void} go show another view
 */
import { followTheme, followLanguage } from "./choices.js";
import * as i18n from "./i18n.js";
import { followLogout, loginDialog } from "./login.js";
import { announce, notice } from "./notices.js";
import { ask, Problem } from "./problem.js";

const VIEWS = ["talk", "transcribe", "system"];

/** @type {Map<string, {root: HTMLElement, mounted: Promise<Mounted | null>}>} */
const opened = new Map();
let shown = "";

/** @type {Promise<void> | null} */
let loggingIn = null;

/** @type {App} */
export const app = {
  fetch: granted,
  json: async (path, init) => (await granted(path, init)).json(),
  t: i18n.t,
  words: i18n.add,
  language: i18n.language,
  onLanguage: i18n.follow,
  style,
  notice,
  announce,
  login,
  go: (name) => void (location.hash = name),
};

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function granted(path, init) {
  try {
    return await ask(path, init);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  await login();
  return ask(path, init);
}

/** One question at a time, however many requests were refused. */
function login() {
  loggingIn ??= loginDialog().finally(() => void (loggingIn = null));
  return loggingIn;
}

/** @param {string} path */
function style(path) {
  return /** @type {Promise<void>} */ (new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/page/${path}` });
    // A view without its style is ugly but works.
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  }));
}

function wanted() {
  const name = location.hash.slice(1).split("/")[0] ?? "";
  return VIEWS.includes(name) ? name : "talk";
}

function show() {
  const name = wanted();
  if (name === shown) return;
  const before = opened.get(shown);
  shown = name;
  for (const tab of document.querySelectorAll(".tabs a")) {
    if (/** @type {HTMLElement} */ (tab).dataset.view === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  if (before) {
    before.root.hidden = true;
    void before.mounted.then((each) => each?.hide?.());
  }
  entitle();
  const known = opened.get(name);
  if (known) {
    known.root.hidden = false;
    void known.mounted.then((each) => each?.show?.());
  } else {
    openView(name);
  }
}

/** @param {string} name */
function openView(name) {
  const root = Object.assign(document.createElement("section"), { className: `view ${name}` });
  root.dataset.tLabel = `view.${name}`;
  root.setAttribute("aria-label", i18n.t(`view.${name}`));
  document.querySelector("main")?.append(root);
  opened.set(name, { root, mounted: mount(name, root) });
}

/**
 * @param {string} name
 * @param {HTMLElement} root
 * @returns {Promise<Mounted | null>}
 */
async function mount(name, root) {
  try {
    const module = await import(`./${name}/view.js`);
    return await module.mount(root, app);
  } catch (error) {
    // A view that fails must not take the others with it.
    console.error(error);
    root.textContent = i18n.t("problem.view");
    return null;
  }
}

function entitle() {
  document.title = `${i18n.t(`view.${shown}`)} · Parley`;
}

/** A file that no view takes would be opened by the browser instead of the page. @param {DragEvent} event */
function refuse(event) {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}

followTheme();
followLanguage(entitle);
followLogout();
addEventListener("hashchange", show);
for (const event of /** @type {const} */ (["dragover", "drop"])) addEventListener(event, refuse);
addEventListener("pagehide", (event) => {
  if (event.persisted) return;
  for (const { mounted } of opened.values()) void mounted.then((each) => each?.close?.());
});
show();
