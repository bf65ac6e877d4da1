/** Asks for a token; the server turns it into a cookie that scripts cannot read. */
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { notice } from "./notices.js";
import { ask, Problem } from "./problem.js";

const NOTE = "parley.login";

/**
 * Resolves when somebody is logged in; rejects with Problem when they would not.
 * @returns {Promise<void>}
 */
export function loginDialog() {
  return new Promise((resolve, reject) => {
    const token = el("input", { type: "password", autocomplete: "current-password", required: true, name: "token" });
    const wrong = el("p", { className: "callout bad", role: "alert", hidden: true });
    const enter = el("button", { type: "submit", className: "primary", t: "login.enter" });
    const leave = el("button", { type: "button", t: "cancel", onclick: () => dialog.close() });
    const form = el(
      "form", { className: "stack", onsubmit: (/** @type {Event} */ event) => void submit(event) },
      el("h2", { t: "login.title", id: "login-title" }), el("p", { className: "soft small", t: "login.why" }),
      el("label", { className: "field" }, el("span", { t: "login.token" }), token), wrong,
      el("div", { className: "row" }, enter, leave),
    );
    const dialog = el("dialog", { "aria-labelledby": "login-title" }, form);
    let entered = false;

    /** @param {Event} event */
    async function submit(event) {
      event.preventDefault();
      enter.disabled = true;
      try {
        const body = JSON.stringify({ token: token.value.trim() });
        await ask("/v1/login", { method: "POST", body, headers: { "Content-Type": "application/json" } });
        entered = true;
        note(true);
        dialog.close();
      } catch (error) {
        wrong.textContent = error instanceof Error ? error.message : String(error);
        wrong.hidden = false;
      } finally {
        enter.disabled = false;
      }
    }

    dialog.addEventListener("close", () => {
      dialog.remove();
      if (entered) resolve();
      else reject(new Problem(t("login.why"), { status: 401, code: "auth_failed" }));
    });
    document.body.append(dialog);
    dialog.showModal();
    token.focus();
  });
}

/** Bring the button that logs out to life; it is there for whoever logged in on this page. */
export function followLogout() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("logout"));
  button.hidden = !isNoted();
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask("/v1/logout", { method: "POST" });
      note(false);
      // What is on the page was theirs, and so is what it remembers of their files and conversation.
      location.reload();
    } catch (error) {
      notice(error instanceof Error ? error.message : String(error), "error");
      button.disabled = false;
    }
  });
}

function isNoted() {
  try {
    return localStorage.getItem(NOTE) !== null;
  } catch {
    return false;
  }
}

/** The cookie itself is hidden from scripts. @param {boolean} entered */
function note(entered) {
  /** @type {HTMLElement} */ (document.getElementById("logout")).hidden = !entered;
  try {
    if (entered) localStorage.setItem(NOTE, "1");
    else for (const key of [NOTE, "parley.uploads"]) localStorage.removeItem(key);
    if (!entered) sessionStorage.clear();
  } catch { /* forbidden: the button goes with the page */ }
}
