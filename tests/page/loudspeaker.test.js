// What is played, held, thrown away, and counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Loudspeaker } from "../../src/parley/web/audio/loudspeaker.js";
import { Ring } from "../../src/parley/web/audio/ring.js";

const RATE = 48000;
const QUANTUM = 128;

/** Samples that are numbered, so that one sees which was played. @param {number} count @param {number} [first] */
const numbered = (count, first = 0) => Int16Array.from({ length: count }, (_, i) => first + i + 1);

/** @param {Loudspeaker} speaker @param {number} quanta */
function play(speaker, quanta) {
  const all = [];
  for (let i = 0; i < quanta; i++) {
    const output = new Float32Array(QUANTUM);
    speaker.pull(output);
    all.push(...output);
  }
  return all;
}

/** @param {number[]} output */
const numbers = (output) => output.map((sample) => Math.round(sample * 32768));

test("a ring gives back what was put in, and takes no more than it has room for", () => {
  const ring = new Ring(5);
  const read = (/** @type {number} */ count) => {
    const target = new Float32Array(count);
    ring.read(target, 0, count);
    return numbers([...target]);
  };
  assert.equal(ring.write(Int16Array.of(1, 2, 3)), 3);
  assert.deepEqual(read(2), [1, 2]);
  assert.equal(ring.write(Int16Array.of(4, 5, 6, 7, 8)), 4);
  assert.equal(ring.room, 0);
  ring.skip(1);
  assert.deepEqual(read(4), [4, 5, 6, 7]);
  ring.write(Int16Array.of(9));
  ring.clear();
  assert.equal(ring.count, 0);
});

test("samples at the loudspeaker's own rate are played as they are, across pieces", () => {
  const speaker = new Loudspeaker(RATE);
  assert.equal(speaker.add(1, RATE, 0, numbered(100)), 0);
  speaker.add(1, RATE, 100, numbered(156, 100));
  assert.deepEqual(numbers(play(speaker, 3)), [...numbered(256), ...new Array(128).fill(0)]);
  assert.ok(speaker.isEmpty);
  assert.deepEqual(speaker.left, { turn: 1, samples: 256 });
});

test("what was heard is told by turn, and later than it left by the latency", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, RATE, 0, numbered(200));
  speaker.add(2, RATE, 0, numbered(200));
  play(speaker, 1);
  assert.deepEqual(speaker.heard(256), []);
  play(speaker, 1);
  assert.deepEqual(speaker.heard(256), [{ turn: 1, samples: 128 }]);
  play(speaker, 4);
  assert.deepEqual(speaker.heard(256), [{ turn: 1, samples: 200 }, { turn: 2, samples: 200 }]);
  assert.deepEqual(speaker.heard(256), []);
});

test("samples are counted in the voice's rate", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, 24000, 0, new Int16Array(2400));
  play(speaker, 10);
  assert.equal(speaker.left?.samples, 640);
  play(speaker, 90);
  assert.deepEqual(speaker.heard(0), [{ turn: 1, samples: 2400 }]);
});

test("held, it falls silent within a few milliseconds, keeps the rest, and goes on after it", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, RATE, 0, new Int16Array(4800).fill(10000));
  play(speaker, 2);
  speaker.hold();
  const left = speaker.left?.samples ?? 0;
  assert.ok(left > 256 && left <= 256 + RATE * 0.01, `${left}`);
  const fading = play(speaker, 4);
  const steps = fading.slice(1).map((sample, i) => Math.abs(sample - Number(fading[i])));
  assert.ok(Math.max(...steps) < 0.01, "it fades");
  assert.ok(fading.slice(RATE * 0.01).every((sample) => sample === 0), "it is silent");
  play(speaker, 100);
  assert.equal(speaker.left?.samples, left);
  speaker.resume(1, 0);
  play(speaker, 100);
  assert.deepEqual(speaker.heard(0).at(-1), { turn: 1, samples: 4800 });
});

test("it goes on at a later sample where it is told so, and never at one that was played", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, RATE, 0, numbered(1000));
  play(speaker, 1);
  speaker.hold();
  speaker.resume(1, 800);
  play(speaker, 20);
  assert.equal(speaker.left?.samples, 1000);
  speaker.add(1, RATE, 1000, numbered(1000, 1000));
  speaker.hold();
  speaker.resume(1, 10);
  const rest = numbers(play(speaker, 20)).filter((sample) => sample > 0);
  assert.equal(rest.at(-1), 2000);
  assert.ok(rest.every((sample) => sample > 500));
});

test("thrown away, nothing of it is heard or counted any more, and another answer begins at 0", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(3, RATE, 0, numbered(10000));
  play(speaker, 2);
  speaker.flush(3, 0);
  const left = speaker.left?.samples ?? 0;
  assert.ok(left <= 256 + RATE * 0.01);
  play(speaker, 10);
  assert.deepEqual(speaker.heard(0), [{ turn: 3, samples: left }]);
  speaker.add(3, RATE, 0, numbered(200));
  assert.deepEqual(numbers(play(speaker, 2)).slice(0, 200), [...numbered(200)]);
});

test("audio told again after a lost line is not played again", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, RATE, 0, numbered(300));
  play(speaker, 1);
  speaker.add(1, RATE, 100, numbered(300, 100));
  speaker.add(1, RATE, 50, numbered(100, 50));
  const rest = numbers(play(speaker, 4)).filter((sample) => sample > 0);
  assert.deepEqual(rest, [...numbered(272, 128)]);
});

test("an answer has a bound; what is beyond is counted as lost", () => {
  const speaker = new Loudspeaker(RATE, 1000);
  assert.equal(speaker.add(1, RATE, 0, numbered(1500)), 500);
  play(speaker, 20);
  assert.equal(speaker.left?.samples, 1000);
});

test("voices of two rates follow each other", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, 24000, 0, new Int16Array(480).fill(8000));
  speaker.add(2, 16000, 0, new Int16Array(320).fill(8000));
  const output = play(speaker, 30);
  assert.deepEqual(speaker.heard(0), [{ turn: 1, samples: 480 }, { turn: 2, samples: 320 }]);
  const loud = output.filter((sample) => sample > 0.1).length;
  assert.ok(loud > 1700 && loud < 2100, `${loud}`);
});

test("held before anything came, it waits", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.hold();
  speaker.add(1, RATE, 0, numbered(128));
  assert.ok(play(speaker, 3).every((sample) => sample === 0));
  speaker.resume(1, 0);
  play(speaker, 3);
  assert.deepEqual(speaker.heard(0), [{ turn: 1, samples: 128 }]);
});

test("after a lost line the answer is told again from what the server knows, and goes on where it was heard", () => {
  const speaker = new Loudspeaker(RATE);
  speaker.add(1, RATE, 0, numbered(5000));
  play(speaker, 10);
  speaker.hold();
  const left = speaker.left?.samples ?? 0;
  speaker.flush(1, 640);
  speaker.add(1, RATE, 640, numbered(4360, 640));
  play(speaker, 2);
  const rest = numbers(play(speaker, 40)).filter((sample) => sample > 0);
  assert.deepEqual(rest, [...numbered(5000 - left - 256, left + 256)]);
  assert.deepEqual(speaker.heard(0), [{ turn: 1, samples: 5000 }]);
});
