// Server-sent events: the parser, and watching a job over lost lines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser, follow, pause } from "../../src/parley/web/transcribe/sse.js";

const STREAM = "\ufeffretry: 3000\n\n: alive\n\nevent: task_segment\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata:没有 类型\n\nid: end\nevent: x\ndata\n\nevent: lost\n\n";
const EVENTS = [
  { type: "task_segment", data: '{"a":\n1}', id: "7" },
  { type: "message", data: "没有 类型", id: "7" },
  { type: "x", data: "", id: "end" },
];

test("events are read whatever the pieces are", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.push(STREAM.slice(at, at + size)));
    assert.deepEqual(found, EVENTS, `in pieces of ${size}`);
    assert.equal(parser.retry, 3000);
    assert.equal(parser.lastId, "end");
  }
});

test("an event without an end is refused", () => {
  const parser = new EventParser();
  assert.throws(() => {
    for (let i = 0; i < 70; i++) parser.push("x".repeat(1024 * 1024));
  }, RangeError);
});

/** @param {string} text */
const answer = (text) => new Response(text, { status: 200 });

test("a lost line goes on behind the last event", async () => {
  /** @type {Record<string, string>[]} */
  const asked = [];
  /** @type {string[]} */
  const told = [];
  const waits = [];
  const lines = [];
  const streams = [
    () => answer("id: 0\ndata: a\n\nid: 1\ndata: b\n\ndata: half"),
    () => { throw Object.assign(new Error("gone"), { status: 0 }); },
    () => { throw Object.assign(new Error("starting"), { status: 503 }); },
    () => answer("id: 2\ndata: c\n\nid: end\ndata: over\n\ndata: never\n\n"),
  ];
  await follow({
    ask: async (headers) => {
      asked.push(headers);
      return (streams.shift() ?? assert.fail("asked too often"))();
    },
    told: (event) => {
      told.push(event.data);
      return event.id === "end";
    },
    signal: new AbortController().signal,
    wait: async (ms) => void waits.push(ms),
    onLine: (lost) => lines.push(lost),
  });
  assert.deepEqual(told, ["a", "b", "c", "over"]);
  assert.deepEqual(asked, [{}, { "Last-Event-ID": "1" }, { "Last-Event-ID": "1" }, { "Last-Event-ID": "1" }]);
  assert.equal(waits.length, 3);
  assert.deepEqual(lines, [false, true, true, true, false]);
});

test("a refusal for good ends it, and so does leaving", async () => {
  const refused = Object.assign(new Error("There is no such task."), { status: 404 });
  const nobody = { told: () => false, wait: async () => {} };
  await assert.rejects(follow({ ...nobody, ask: async () => { throw refused; }, signal: new AbortController().signal }), /no such task/);
  await follow({ ...nobody, ask: async () => new Response(null, { status: 204 }), signal: new AbortController().signal });
  const leaving = new AbortController();
  let asked = 0;
  await follow({
    ...nobody,
    ask: async () => {
      if (++asked > 2) leaving.abort();
      throw Object.assign(new Error("gone"), { status: 0 });
    },
    signal: leaving.signal,
  });
  assert.equal(asked, 3);
});

test("a pause ends when it is aborted", async () => {
  const leaving = new AbortController();
  const waited = pause(60_000, leaving.signal);
  leaving.abort();
  await waited;
  await pause(60_000, leaving.signal);
  await pause(1, new AbortController().signal);
});
