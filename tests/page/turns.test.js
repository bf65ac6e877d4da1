// Messages of a conversation become the turns that are shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmpty, Turns } from "../../src/parley/web/talk/turns.js";

/** @param {number} turn @param {string} text @param {any} [more] */
const said = (turn, text, more = {}) => ({ partial: null, final_text: text, confidence: 0.9, turn, revision: 0, typed: false, ...more });
/** @param {number} turn @param {string} content @param {any} [more] */
const answer = (turn, content, more = {}) => ({ content, is_complete: false, turn, revision: 0, ...more });
const USER = "voice_assistant:user_transcript";
const ANSWER = "voice_assistant:assistant_response";

function begun() {
  const turns = new Turns();
  turns.begin();
  return turns;
}

test("a turn grows from its first partial to what was heard of its answer", () => {
  const turns = begun();
  const turn = turns.hear(USER, { partial: "what is", final_text: null, confidence: null, turn: 1 });
  assert.equal(turn?.said, "what is");
  assert.equal(turn?.isFinal, false);
  turns.hear(USER, said(1, "What is it?"));
  turns.hear(ANSWER, answer(1, "It is"));
  turns.hear("audio", { turn: 1, sample_rate: 22050, samples: 2205, first_sample: 0, text: "It is Lima." });
  turns.hear("audio", { turn: 1, sample_rate: 22050, samples: 2205, first_sample: 2205, text: "" });
  turns.played(1, 1000);
  turns.hear(ANSWER, answer(1, "It is Lima.", { is_complete: true }));
  turns.hear("voice_assistant:turn_metrics", { turn: 1, endpoint_ms: 500, interrupted: true });
  assert.equal(turns.all.length, 1);
  const [only] = turns.all;
  assert.deepEqual(
    [only?.said, only?.isFinal, only?.answer, only?.isComplete, only?.isInterrupted, only?.end, only?.played, only?.rate],
    ["What is it?", true, "It is Lima.", true, true, 4410, 1000, 22050],
  );
  assert.deepEqual(only?.clauses, [{ text: "It is Lima.", first: 0 }]);
});

test("a higher revision takes the place of an answer that nobody heard; an older one changes nothing", () => {
  const turns = begun();
  turns.hear(USER, said(1, "Book a table"));
  turns.hear(ANSWER, answer(1, "For when?"));
  turns.hear("audio", { turn: 1, sample_rate: 16000, samples: 100, first_sample: 0, text: "For when?" });
  turns.hear(USER, said(1, "Book a table for two", { revision: 1 }));
  assert.deepEqual([turns.all[0]?.answer, turns.all[0]?.clauses], ["", []]);
  turns.hear(ANSWER, answer(1, "For two.", { revision: 1 }));
  assert.equal(turns.hear(ANSWER, answer(1, "For when exactly?")), null);
  assert.equal(turns.all[0]?.answer, "For two.");
});

test("sessions number their turns anew, and earlier ones stay", () => {
  const turns = begun();
  turns.hear(USER, said(1, "one"));
  turns.begin();
  turns.hear(USER, said(1, "two"));
  assert.deepEqual(turns.all.map((turn) => turn.said), ["one", "two"]);
  assert.equal(turns.played(1, 5)?.said, "two");
  turns.clear();
  assert.deepEqual(turns.all, []);
  assert.equal(turns.played(1, 5), null);
});

test("what was stored is shown as it is remembered", () => {
  const turns = begun();
  turns.recall([
    { role: "user", text: "hello" }, { role: "assistant", text: "hi" },
    { role: "user", text: "and?" },
    { role: "user", text: "你好" }, { role: "assistant", text: "你好，有什么", interrupted: true },
    { role: "assistant", text: "alone" },
  ]);
  assert.deepEqual(
    turns.all.map((turn) => [turn.said, turn.answer, turn.isInterrupted]),
    [["hello", "hi", false], ["and?", "", false], ["你好", "你好，有什么", true], ["", "alone", false]],
  );
});

test("speech that turned out to be none leaves nothing behind", () => {
  const turns = begun();
  const turn = turns.hear(USER, { partial: "uh", final_text: null, turn: 1 });
  assert.ok(turn && !isEmpty(turn));
  const gone = turns.hear(USER, said(1, ""));
  assert.ok(gone && isEmpty(gone));
  assert.deepEqual(turns.all, []);
});

test("a problem stands where it happened", () => {
  const turns = begun();
  turns.hear(USER, said(1, "hello"));
  assert.equal(turns.fail("The model is away.").said, "hello");
  turns.hear(ANSWER, answer(1, "", { is_complete: true }));
  const apart = turns.fail("Again.");
  assert.equal(apart.said, "");
  assert.equal(turns.all.length, 2);
});

test("a conversation of a day is bounded", () => {
  const turns = begun();
  for (let i = 1; i <= 1000; i++) turns.hear(USER, said(i, `turn ${i}`));
  assert.equal(turns.all.length, 200);
  assert.equal(turns.all.at(-1)?.said, "turn 1000");
});

test("after a new beginning what still comes of the old one is not shown", () => {
  const turns = begun();
  turns.hear(USER, said(1, "hello"));
  turns.hear(USER, said(2, "Good night."));
  turns.clear();
  assert.equal(turns.hear(ANSWER, answer(2, "You said: Good", { is_complete: true })), null);
  assert.equal(turns.hear("voice_assistant:turn_metrics", { turn: 2, interrupted: true }), null);
  assert.deepEqual(turns.all, []);
  assert.equal(turns.hear(USER, said(3, "A new one"))?.said, "A new one");
  turns.begin();
  assert.equal(turns.hear(USER, said(1, "Another session"))?.said, "Another session");
});

test("what concerns no turn changes none", () => {
  assert.equal(begun().hear("voice_assistant:state_changed", { state: "Idle" }), null);
  assert.equal(begun().hear("pong", {}), null);
});
