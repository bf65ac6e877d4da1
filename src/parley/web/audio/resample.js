/**
 * From one sample rate to another by a windowed-sinc polyphase filter (J. O. Smith, "Digital Audio Resampling", 2002).
 *
 * A sample `k` of the output lies at `k * from / to` of the input; its filter is row `k * M mod L` of a bank, where L/M is
 * to/from in lowest terms. Leaving samples out instead would fold what lies above half the new rate into speech.
 */

/** What is let through at least, as a share of the lower rate; above half of it nothing is. */
const PASS = 0.44;
const STOP_DB = 80;

/** How samples of one rate become those of another; what is cut where makes no difference. */
export class Resampler {
  /** @type {Float32Array[]} */
  #bank;
  /** @type {Float32Array} the last samples of the input, as many as the filter is long */
  #past;
  #up;
  #down;
  /** Where the next output lies: row of the bank, and samples after the end of the input so far (-1: its last one). */
  #row = 0;
  #ahead = 0;

  /**
   * @param {number} from samples per second of what comes
   * @param {number} to samples per second of what goes
   */
  constructor(from, to) {
    const shared = commonDivisor(from, to);
    this.#up = to / shared;
    this.#down = from / shared;
    this.#bank = from === to ? [Float32Array.of(1)] : filterBank(from, to, this.#up);
    this.#past = new Float32Array(this.taps);
  }

  /** Length of the filter in samples of the input; the sound is late by half of it. */
  get taps() {
    return /** @type {Float32Array} */ (this.#bank[0]).length;
  }

  /**
   * All of the output that these samples complete.
   * @param {Float32Array} input
   */
  push(input) {
    let count = 0;
    for (let row = this.#row, ahead = this.#ahead; ahead < input.length; count++) {
      row += this.#down;
      ahead += Math.floor(row / this.#up);
      row %= this.#up;
    }
    return this.run(input, count);
  }

  /**
   * So many samples of the input are wanted before `count` of the output are known.
   * @param {number} count
   */
  need(count) {
    return Math.max(0, this.#ahead + Math.floor((this.#row + (count - 1) * this.#down) / this.#up) + 1);
  }

  /**
   * `count` samples of the output; `input` holds what `need(count)` says, or more.
   * @param {Float32Array} input
   * @param {number} count
   */
  run(input, count) {
    const output = new Float32Array(count);
    const taps = this.taps;
    const all = new Float32Array(taps + input.length);
    all.set(this.#past);
    all.set(input, taps);
    for (let k = 0; k < count; k++) {
      const filter = /** @type {Float32Array} */ (this.#bank[this.#row]);
      const first = this.#ahead + 1;
      let sum = 0;
      for (let j = 0; j < taps; j++) sum += /** @type {number} */ (filter[j]) * /** @type {number} */ (all[first + j]);
      output[k] = sum;
      this.#row += this.#down;
      this.#ahead += Math.floor(this.#row / this.#up);
      this.#row %= this.#up;
    }
    this.#ahead -= input.length;
    this.#past = all.slice(all.length - taps);
    return output;
  }
}

/**
 * One filter per place between two samples, each written backwards, so that it runs along the samples.
 * @param {number} from
 * @param {number} to
 * @param {number} rows
 */
function filterBank(from, to, rows) {
  const lower = Math.min(from, to);
  const width = ((0.5 - PASS) * lower) / from;
  const cutoff = ((0.5 + PASS) * lower) / from;
  // Kaiser's estimate of how long a filter has to be.
  const taps = Math.ceil((STOP_DB - 8) / (2.285 * 2 * Math.PI * width));
  const beta = 0.1102 * (STOP_DB - 8.7);
  const half = (taps * rows - 1) / 2;
  return Array.from({ length: rows }, (_, row) => {
    const filter = new Float64Array(taps);
    for (let j = 0; j < taps; j++) {
      const distance = ((j * rows + row) - half) / rows;
      filter[taps - 1 - j] = cutoff * sinc(cutoff * distance) * kaiser((distance * rows) / (half + 1), beta);
    }
    // Each row lets what does not vibrate through unchanged; without that the rows would hum.
    const sum = filter.reduce((total, value) => total + value, 0);
    return Float32Array.from(filter, (value) => value / sum);
  });
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * @param {number} x -1 to 1
 * @param {number} beta
 */
function kaiser(x, beta) {
  return Math.abs(x) > 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta);
}

/** The modified Bessel function of order 0, by its series. @param {number} x */
function bessel(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function commonDivisor(a, b) {
  return b === 0 ? a : commonDivisor(b, a % b);
}
