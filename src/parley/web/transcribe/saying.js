/**
 * What the server says, in the visitor's language: its own sentences are English.
 */
import * as i18n from "../i18n.js";

/** @type {readonly [RegExp, string, readonly string[]][]} */
const SAID = [
  [/^Waiting for its turn\.$/, "transcribe.said.waiting", []],
  [/^Waiting; number (\d+) in line\.$/, "transcribe.said.line", ["n"]],
  [/^Reading the recording\.$/, "transcribe.said.reading", []],
  [/^All speech is recognised; finishing the transcript\.$/, "transcribe.said.attributing", []],
  [/^Something failed that may pass; trying again\.$/, "transcribe.said.retrying", []],
  [/^([\d:]+) of ([\d:]+) of speech recognised\.$/, "transcribe.said.recognised", ["done", "all"]],
];

/**
 * A message of `task_progress`; one that nobody knows stays as it is.
 * @param {string} message
 */
export function progress(message) {
  for (const [pattern, key, names] of SAID) {
    const found = pattern.exec(message);
    if (found) return i18n.t(key, Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ""])));
  }
  return message;
}

/**
 * Why something did not work. In English the server's own sentence is the more exact one.
 * @param {string} code
 * @param {string} sentence
 */
export function reason(code, sentence) {
  const key = `transcribe.code.${code}`;
  return i18n.language() !== "en" && i18n.has(key) ? i18n.t(key) : sentence;
}

/** The same of something thrown. @param {unknown} error */
export function why(error) {
  const problem = /** @type {{code?: string, message?: string}} */ (error);
  return reason(problem?.code ?? "", problem?.message ?? String(error));
}
