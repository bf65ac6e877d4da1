// Times, searching, speakers and corrections of the Transcribe view.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asEdits, Corrections, heardAt } from "../../src/parley/web/transcribe/corrections.js";
import { Line } from "../../src/parley/web/transcribe/line.js";
import { fingerprint, Memory } from "../../src/parley/web/transcribe/remembering.js";
import { find, firstFrom, step } from "../../src/parley/web/transcribe/searching.js";
import { COLOURS, colours, initials, titled } from "../../src/parley/web/transcribe/speakers.js";
import { clock, lasting, moment, size } from "../../src/parley/web/transcribe/times.js";

test("times and sizes are written for people", () => {
  assert.deepEqual([0, 65.9, 3723, -1, null, Infinity].map(clock), ["0:00", "1:05", "1:02:03", "0:00", "–:––", "–:––"]);
  assert.deepEqual([0, 640, 999, 1000, 12_345_678, 5e9].map(size), ["0 B", "640 B", "999 B", "1.0 KB", "12.3 MB", "5.0 GB"]);
  assert.equal(size(999_999), "1.0 MB");
  assert.deepEqual([12, 720, 12_000, 3600, 200_000].map((s) => lasting(s, "en")), ["12 s", "12 min", "3 h 20 min", "1 h", "2 d 7 h"]);
  assert.equal(lasting(720, "zh"), "12 分钟");
});

test("a moment of today is a time, an older one has its date", () => {
  const now = new Date(2026, 4, 20, 12);
  assert.match(moment(new Date(2026, 4, 20, 9, 5), "en", now), /^0?9:05$/);
  assert.match(moment(new Date(2026, 3, 2, 9, 5), "en", now), /^2 Apr 0?9:05$/);
  assert.match(moment(new Date(2025, 3, 2, 9, 5), "en", now), /2025/);
  assert.match(moment(new Date(2026, 3, 2, 9, 5), "zh", now), /4月2日/);
  assert.equal(moment("nonsense", "en", now), "");
});

test("words are found whatever their case and width", () => {
  const texts = ["Hello hello", "ＨＥＬＬＯ 你好", "nothing", "你好，你好"];
  assert.deepEqual(find(texts, "hello"), [
    { index: 0, start: 0, end: 5 }, { index: 0, start: 6, end: 11 }, { index: 1, start: 0, end: 5 },
  ]);
  assert.deepEqual(find(texts, " 你好 ").map((hit) => [hit.index, hit.start, hit.end]), [[1, 6, 8], [3, 0, 2], [3, 3, 5]]);
  assert.deepEqual(find(texts, "  "), []);
  assert.deepEqual(find(["a ﬁne 😀 day"], "fine"), [{ index: 0, start: 2, end: 5 }], "one letter may become two");
  assert.deepEqual(find(["😀 day"], "day"), [{ index: 0, start: 3, end: 6 }]);
  assert.equal(find(["a".repeat(30_000)], "a").length, 10_000, "bounded");
});

test("hits are walked through round and round", () => {
  assert.deepEqual([step(-1, 3, 1), step(-1, 3, -1), step(2, 3, 1), step(0, 3, -1), step(0, 0, 1)], [0, 2, 0, 2, -1]);
  const hits = [2, 5, 5].map((index) => ({ index, start: 0, end: 1 }));
  assert.deepEqual([firstFrom(hits, 0), firstFrom(hits, 3), firstFrom(hits, 9), firstFrom([], 0)], [0, 1, 0, -1]);
});

test("speakers keep their colours, and have names and letters", () => {
  const many = Array.from({ length: 10 }, (_, i) => `Speaker${i + 1}`);
  assert.equal(new Set(colours(many).values()).size, COLOURS);
  assert.equal(colours(many).get("Speaker1"), colours(many).get("Speaker9"));
  const t = (/** @type {string} */ key, /** @type {Record<string, string>} */ values) => `${key} ${values.number}`;
  assert.deepEqual([titled("Speaker12", t), titled("王芳", t)], ["transcribe.speaker 12", "王芳"]);
  assert.deepEqual(["Speaker 12", "Ann Lee", "ann", "王芳", ""].map(initials), ["12", "AL", "A", "芳", ""]);
});

/** WCAG 2.2, relative luminance. @param {string} hex */
function luminance(hex) {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("the colours of speakers can be read in both themes", () => {
  const css = readFileSync(new URL("../../src/parley/web/colours.css", import.meta.url), "utf-8");
  const themes = [css.slice(css.indexOf(":root {"), css.indexOf("}")), css.slice(css.indexOf('[data-theme="dark"]'), css.indexOf("@media"))];
  for (const theme of themes) {
    const value = (/** @type {string} */ name) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(theme)?.[1] ?? assert.fail(name);
    for (const ground of ["surface", "sunken", "ground"]) {
      for (const text of ["text", "text-soft", ...Array.from({ length: COLOURS }, (_, i) => `voice-${i}`)]) {
        const [dark = 0, light = 0] = [luminance(value(text)), luminance(value(ground))].sort((a, b) => a - b);
        const ratio = (light + 0.05) / (dark + 0.05);
        assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  }
});

const TRANSCRIPT = {
  duration: 9,
  speakers: ["Speaker1", "Speaker2"],
  segments: [
    { start: 0.5, end: 2, text: "helo", speaker: "Speaker1" },
    { start: 3, end: 5, text: "yes", speaker: "Speaker2" },
  ],
};

test("corrections lie over what was recognised, and are undone one by one", () => {
  const corrections = new Corrections(TRANSCRIPT, { speakers: {}, texts: { 1: "Yes." } });
  assert.deepEqual(corrections.texts, ["helo", "Yes."]);
  assert.equal(corrections.correct(0, " helo "), null);
  const first = corrections.correct(0, " hello\nthere ");
  assert.ok(first);
  assert.deepEqual(asEdits(first), { texts: { 0: "hello there" } });
  assert.equal(corrections.text(0), "helo", "not before the server has it");
  corrections.took(first);
  const second = corrections.rename("Speaker1", "王芳");
  assert.ok(second);
  corrections.took(second);
  assert.deepEqual([corrections.text(0), corrections.name("Speaker1"), corrections.isCorrected(0)], ["hello there", "王芳", true]);
  const back = corrections.undoing();
  assert.ok(back);
  assert.deepEqual(asEdits(back), { speakers: { Speaker1: "" } });
  corrections.undone(back);
  assert.equal(corrections.name("Speaker1"), "Speaker1");
  const more = corrections.undoing();
  assert.ok(more);
  corrections.undone(more);
  assert.equal(corrections.canUndo, false);
  assert.equal(corrections.undoing(), null);
  const original = corrections.correct(1, "yes");
  assert.equal(original?.after, "", "what was recognised is no correction");
  assert.equal(corrections.rename("Nobody", "x"), null);
  assert.equal(corrections.correct(7, "x"), null);
});

test("what somebody else did replaces what was there", () => {
  const corrections = new Corrections(TRANSCRIPT, { speakers: {}, texts: {} });
  const change = corrections.correct(0, "mine");
  assert.ok(change);
  corrections.took(change);
  corrections.replace({ speakers: { Speaker2: "Bob" }, texts: { 0: "theirs" } });
  corrections.forgetUndo();
  assert.deepEqual([corrections.text(0), corrections.name("Speaker2"), corrections.canUndo], ["theirs", "Bob", false]);
});

test("the segment that is heard is the last that began", () => {
  assert.deepEqual([0, 0.5, 2.5, 3, 100].map((time) => heardAt(TRANSCRIPT.segments, time)), [-1, 0, 0, 1, 1]);
  assert.equal(heardAt([], 1), -1);
});

test("uploads are remembered by their files, and not too many", () => {
  /** @type {Record<string, string>} */
  const kept = {};
  const storage = { getItem: (/** @type {string} */ key) => kept[key] ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => void (kept[key] = value) };
  const memory = new Memory(storage);
  const file = { name: "a.wav", size: 3, lastModified: 7 };
  memory.keep(fingerprint(file), { id: "u1", name: "a.wav", size: 3, at: 1 });
  assert.equal(new Memory(storage).get(fingerprint(file))?.id, "u1");
  for (let i = 0; i < 60; i++) memory.keep(`k${i}`, { id: `${i}`, name: "b", size: 1, at: i });
  assert.equal(new Memory(storage).known.size, 50);
  assert.equal(new Memory(storage).get(fingerprint(file)), undefined, "the oldest goes");
  memory.forget("k59");
  assert.equal(new Memory(storage).get("k59"), undefined);
  kept["parley.uploads"] = '{"x": 3, "y": {"id": 1}}';
  assert.equal(new Memory(storage).known.size, 0);
  kept["parley.uploads"] = "nonsense";
  assert.equal(new Memory(storage).known.size, 0);
  const forbidden = new Memory({ getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } });
  forbidden.keep("k", { id: "1", name: "b", size: 1, at: 1 });
  assert.equal(forbidden.get("k")?.id, "1");
});

test("as many work at a time as may, in the order they came", async () => {
  /** @type {(() => void)[]} */
  const ends = [];
  /** @type {string[]} */
  const begun = [];
  const line = new Line(2, (/** @type {string} */ one) => new Promise((resolve) => {
    begun.push(one);
    ends.push(() => resolve(undefined));
  }));
  for (const one of ["a", "b", "c", "d", "c"]) line.join(one);
  assert.deepEqual(begun, ["a", "b"]);
  line.leave("c");
  ends[0]?.();
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a", "b", "d"]);
});
