import assert from "node:assert/strict";
import { test } from "node:test";
import { delays, seconds, total } from "../../src/parley/web/talk/delays.js";

const NONE = { endpoint_ms: null, asr_final_ms: null, llm_first_token_ms: null, first_sentence_ms: null, tts_first_audio_ms: null, first_audio_sent_ms: null };

test("each stage is what it added to the wait", () => {
  const metrics = { endpoint_ms: 600, asr_final_ms: 750, llm_first_token_ms: 1050, first_sentence_ms: 1100, tts_first_audio_ms: 1300, first_audio_sent_ms: 1310 };
  const pieces = delays(metrics);
  assert.deepEqual(pieces.map(({ stage, ms }) => [stage, ms]), [["pause", 600], ["text", 150], ["model", 300], ["clause", 50], ["voice", 200], ["sent", 10]]);
  assert.equal(total(pieces), 1310);
});

test("what was done ahead of time adds nothing, and what did not happen is left out", () => {
  const pieces = delays({ ...NONE, endpoint_ms: 800, asr_final_ms: 700, llm_first_token_ms: 500, first_audio_sent_ms: 900 });
  assert.deepEqual(pieces, [{ stage: "pause", ms: 800 }, { stage: "sent", ms: 100 }]);
  assert.deepEqual(delays(NONE), []);
});

test("seconds are as exact as people want them", () => {
  assert.deepEqual([0, 140, 1310, 9940, 12345].map(seconds), ["0.0", "0.1", "1.3", "9.9", "12"]);
});
