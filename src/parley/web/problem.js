/** Requests to the server: what it refuses becomes an error with its sentence. */
import { t } from "./i18n.js";

/** What the server (or the line to it) said no with; `message` is for people. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, retryAfter?: number | null}} [facts]
   */
  constructor(message, { status = 0, code = "", retryAfter = null } = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * The answer if it was granted; throws Problem.
 * @param {string} path
 * @param {RequestInit} [init]
 */
export async function ask(path, init) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(t("problem.offline"));
  }
  if (answer.ok) return answer;
  throw await problemOf(answer);
}

/** @param {Response} answer */
async function problemOf(answer) {
  const wait = Number(answer.headers.get("retry-after"));
  const facts = { status: answer.status, code: "", retryAfter: wait > 0 ? wait : null };
  let sentence = t("problem.unknown", { status: answer.status });
  try {
    const document = await answer.json();
    facts.code = String(document.code ?? "");
    sentence = String(document.detail ?? document.title ?? sentence);
  } catch { /* not from us: a proxy in between writes what it likes */ }
  return new Problem(sentence, facts);
}
