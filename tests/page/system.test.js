// The System view asks politely, and finds the command in a reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandIn } from "../../src/parley/web/system/parts.js";
import { Polling } from "../../src/parley/web/system/polling.js";

/** Timers that go off when they are told to. */
function timers() {
  /** @type {{work: () => void, ms: number}[]} */
  const set = [];
  return {
    waits: set,
    set: (/** @type {() => void} */ work, /** @type {number} */ ms) => set.push({ work, ms }),
    clear: () => void set.splice(0),
  };
}

const settled = () => new Promise(setImmediate);

test("it asks while somebody looks, and not before the last answer", async () => {
  const clock = timers();
  let asked = 0;
  /** @type {() => void} */
  let answer = () => {};
  const polling = new Polling(() => new Promise((resolve) => { asked += 1; answer = () => resolve(undefined); }), 1000, clock);
  polling.start();
  polling.start();
  assert.deepEqual([asked, clock.waits.length], [1, 0]);
  polling.stop();
  polling.start();
  assert.equal(asked, 1, "the one that is under way counts");
  answer();
  await settled();
  assert.deepEqual(clock.waits.map((each) => each.ms), [1000]);
  clock.waits[0]?.work();
  assert.equal(asked, 2);
  polling.stop();
  answer();
  await settled();
  assert.equal(clock.waits.length, 0, "nobody looks");
});

test("it asks ever more rarely while nobody answers", async () => {
  const clock = timers();
  let fails = true;
  const polling = new Polling(async () => { if (fails) throw new Error("gone"); }, 1000, clock);
  polling.start();
  const waits = [];
  for (let i = 0; i < 6; i++) {
    await settled();
    waits.push(clock.waits[0]?.ms);
    fails = i < 4;
    clock.waits[0]?.work();
  }
  assert.deepEqual(waits, [2000, 4000, 8000, 8000, 8000, 1000]);
});

test("the command is found in the reason", () => {
  assert.equal(commandIn("It is not installed; run: parley pull glm-asr, then start the server again."), "parley pull glm-asr");
  assert.equal(commandIn("The engine could not be loaded."), "");
  assert.equal(commandIn(null), "");
});
