// Speech passes unchanged, what would fold into it does not, and pieces make no difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Resampler } from "../../src/parley/web/audio/resample.js";

/** @param {number} hz @param {number} rate @param {number} seconds */
const tone = (hz, rate, seconds) =>
  Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

/** Effective value of the middle, where the filter has settled. @param {Float32Array} samples */
function power(samples) {
  const middle = samples.subarray(Math.floor(samples.length * 0.2), Math.floor(samples.length * 0.8));
  return Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length);
}

/** Gain of a tone in dB. @param {number} hz @param {number} from @param {number} to */
function gain(hz, from, to) {
  const input = tone(hz, from, 0.5);
  return 20 * Math.log10(power(new Resampler(from, to).push(input)) / power(input));
}

for (const from of [44100, 48000, 96000, 32000]) {
  test(`${from} Hz to 16 kHz lets speech through and folds nothing into it`, () => {
    for (const hz of [60, 300, 1000, 3400, 5000, 6500, 7000]) {
      assert.ok(Math.abs(gain(hz, from, 16000)) < 0.1, `${hz} Hz: ${gain(hz, from, 16000)} dB`);
    }
    for (const hz of [8010, 8500, 9000, 12000, 15900, 20000].filter((each) => each < from / 2)) {
      assert.ok(gain(hz, from, 16000) < -60, `${hz} Hz: ${gain(hz, from, 16000)} dB`);
    }
  });
}

for (const [from, to] of /** @type {[number, number][]} */ ([[22050, 48000], [24000, 48000], [16000, 44100], [22050, 44100], [44100, 48000]])) {
  test(`${from} to ${to} Hz keeps voices and adds no mirror of them`, () => {
    for (const hz of [100, 1000, 0.4 * from]) assert.ok(Math.abs(gain(hz, from, to)) < 0.1, `${hz}`);
    // What is not the tone itself is noise: take the best fitting tone away.
    const hz = 0.4 * from;
    const output = new Resampler(from, to).push(tone(hz, from, 0.5));
    assert.ok(residue(output, hz, to) < 0.5 * 10 ** (-60 / 20), `${residue(output, hz, to)}`);
  });
}

/** @param {Float32Array} samples @param {number} hz @param {number} rate */
function residue(samples, hz, rate) {
  const middle = samples.subarray(Math.floor(samples.length * 0.2), Math.floor(samples.length * 0.8));
  let [ss, cc, sc, xs, xc] = [0, 0, 0, 0, 0];
  middle.forEach((x, i) => {
    const [s, c] = [Math.sin((2 * Math.PI * hz * i) / rate), Math.cos((2 * Math.PI * hz * i) / rate)];
    ss += s * s; cc += c * c; sc += s * c; xs += x * s; xc += x * c;
  });
  const determinant = ss * cc - sc * sc;
  const [a, b] = [(xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant];
  return power(middle.map((x, i) => x - a * Math.sin((2 * Math.PI * hz * i) / rate) - b * Math.cos((2 * Math.PI * hz * i) / rate)));
}

test("what is cut where makes no difference", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (const [from, to] of /** @type {[number, number][]} */ ([[44100, 16000], [48000, 16000], [22050, 48000], [16000, 16000]])) {
    const input = Float32Array.from({ length: 5000 }, () => random() - 0.5);
    const whole = new Resampler(from, to).push(input);
    const pieces = new Resampler(from, to);
    const joined = [];
    for (let at = 0; at < input.length;) {
      const length = Math.floor(random() * 300);
      joined.push(...pieces.push(input.subarray(at, at + length)));
      at += length;
    }
    assert.deepEqual(joined, [...whole]);
    assert.equal(whole.length, Math.ceil((input.length * to) / from));
  }
});

test("so many as asked for come out of so many as are needed", () => {
  for (const [from, to] of /** @type {[number, number][]} */ ([[22050, 48000], [48000, 44100], [44100, 16000], [16000, 16000]])) {
    const input = tone(440, from, 0.3);
    const pulling = new Resampler(from, to);
    const joined = [];
    for (let at = 0; ;) {
      const need = pulling.need(128);
      if (at + need > input.length) break;
      joined.push(...pulling.run(input.subarray(at, at + need), 128));
      at += need;
    }
    const whole = new Resampler(from, to).push(input);
    assert.ok(joined.length > 1000);
    assert.deepEqual(joined, [...whole.subarray(0, joined.length)]);
  }
});
