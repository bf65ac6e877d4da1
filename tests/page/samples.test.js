import assert from "node:assert/strict";
import { test } from "node:test";
import { Framer, loudness, mono, pcm16 } from "../../src/parley/web/audio/samples.js";

test("samples become PCM16, and what is too loud is cut off", () => {
  assert.deepEqual([...pcm16(Float32Array.of(0, 0.5, -0.5, 1, -1, 3, -3))], [0, 16384, -16384, 32767, -32768, 32767, -32768]);
});

test("loudness goes from silence to full scale", () => {
  assert.equal(loudness(new Float32Array(100)), 0);
  assert.equal(loudness(new Float32Array(100).fill(1e-5)), 0);
  assert.equal(loudness(new Float32Array(100).fill(1)), 1);
  assert.ok(Math.abs(loudness(new Float32Array(100).fill(0.0316)) - 0.5) < 0.01);
});

test("channels are mixed", () => {
  assert.deepEqual([...mono([Float32Array.of(1, 0), Float32Array.of(0, 0.5)])], [0.5, 0.25]);
  assert.equal(mono([]).length, 0);
});

test("frames hold every sample once, whatever comes", () => {
  const framer = new Framer(5);
  const frames = [[0, 1], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [], [12]].flatMap((piece) => framer.push(Float32Array.from(piece)));
  assert.deepEqual(frames.map((frame) => [...frame]), [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]);
});
