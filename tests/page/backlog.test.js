// What the microphone heard while the line was away is sent once, whole, in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Backlog } from "../../src/parley/web/talk/backlog.js";

let next = 0;
/** @param {number} length */
const frame = (length) => Int16Array.from({ length }, () => next++).buffer;
/** @param {Int16Array[]} frames */
const flat = (frames) => frames.flatMap((each) => [...each]);
/** @param {number} first @param {number} end */
const from = (first, end) => Array.from({ length: end - first }, (_, i) => first + i);

/** @param {number} most @param {number} frames */
function filled(most, frames) {
  next = 0;
  const backlog = new Backlog(most);
  for (let i = 0; i < frames; i++) backlog.push(frame(10));
  return backlog;
}

test("what the server has not is sent again, even from the middle of a frame", () => {
  const backlog = filled(1000, 5);
  assert.deepEqual(flat(backlog.after(0)), from(0, 50));
  assert.deepEqual(flat(backlog.after(33)), from(33, 50));
  assert.deepEqual(flat(backlog.after(50)), []);
});

test("beyond the bound the oldest is forgotten, and the server's count holds from there", () => {
  const backlog = filled(30, 10);
  assert.deepEqual(flat(backlog.after(40)), from(70, 100));
  // The server has 40 samples and gets 30 more.
  backlog.push(frame(10));
  assert.deepEqual(flat(backlog.after(70)), from(100, 110));
});

test("a server that has counted on though we forgot is believed", () => {
  const backlog = filled(1000, 2);
  assert.deepEqual(flat(backlog.after(500)), []);
  backlog.push(frame(10));
  assert.deepEqual(flat(backlog.after(500)), from(20, 30));
});

test("a new session begins with the last of it", () => {
  const backlog = filled(1000, 10);
  backlog.restart(25);
  assert.deepEqual(flat(backlog.after(0)), from(75, 100));
  backlog.push(frame(10));
  assert.deepEqual(flat(backlog.after(25)), from(100, 110));
  const young = filled(1000, 1);
  young.restart(500);
  assert.deepEqual(flat(young.after(0)), from(0, 10));
});
