// Why there is no microphone is a sentence, whatever the browser calls it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, whyNot } from "../../src/parley/web/audio/microphone.js";
import { words } from "../../src/parley/web/talk/words.js";

test("plain HTTP and old browsers are told apart", () => {
  const mediaDevices = { getUserMedia: () => {} };
  assert.equal(whyNot({ isSecureContext: false, navigator: {} }), "mic.insecure");
  assert.equal(whyNot({ isSecureContext: true, navigator: {} }), "mic.unsupported");
  assert.equal(whyNot({ isSecureContext: true, navigator: { mediaDevices } }), null);
});

test("every failure has its sentence", () => {
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "SecurityError", "AbortError", "TypeError", ""]) {
    assert.ok(words.en[`talk.${keyOf(name)}`], name);
  }
  for (const key of ["mic.insecure", "mic.unsupported", "mic.lost"]) assert.ok(words.en[`talk.${key}`], key);
});
