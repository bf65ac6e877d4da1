/** Sentences that stay on the stage as long as what they tell is so. */
import { el } from "../dom.js";
import { t } from "../i18n.js";

const LOCAL = `[assistant]
llm_base_url = "http://127.0.0.1:11434/v1"
llm_model = "qwen3:4b"
llm_api_key = "none"`;

/** There is no language model: what that means, and how to set one. */
export function parrotNote() {
  return el(
    "div", { className: "callout warn" },
    el("p", { t: "talk.parrot" }),
    el(
      "details", {}, el("summary", { t: "talk.parrot.how" }),
      el("p", { t: "talk.parrot.cloud" }), el("pre", {}, "LLM_API_KEY=sk-… parley app"),
      el("p", { t: "talk.parrot.local" }), el("pre", {}, LOCAL),
    ),
  );
}

/** @param {string} key */
export function note(key) {
  return el("p", { className: "callout warn" }, t(key));
}
