/**
 * What is to be heard and what was: the part of the player that knows no browser. All turns go through one ring, in the
 * order they come; `pull` takes what the loudspeaker wants next and counts what left, by turn and by sample of the voice.
 *
 * @typedef {{turn: number, rate: number, first: number, count: number}} Span samples of a turn that lie in the ring
 * @typedef {{frame: number, turn: number, samples: number}} Mark up to which sample of a turn had left at a frame
 */
import { Resampler } from "./resample.js";
import { Ring } from "./ring.js";

/** The server sends 20 s ahead at most; this is 40 s at 48 kHz. */
const CAPACITY = 48000 * 40;
/** Silence would click without it. */
const FADE_S = 0.005;
/** Of marks that nobody heard yet: a second of quanta at 48 kHz. Beyond, the oldest are taken as heard. */
const MOST_MARKS = 375;

export class Loudspeaker {
  #ring;
  /** @type {Span[]} */
  #spans = [];
  /** @type {Resampler | null} */
  #resampler = null;
  #rate = 0;
  #isHeld = false;
  /** @type {Float32Array} what still sounds of something that was cut off */
  #tail = new Float32Array(0);
  #fadesInFrom = 0;
  /** So much silence the filter still wants, to let go of what it was given last. */
  #drain = 0;
  /** @type {{turn: number, end: number} | null} where the audio that came last ends */
  #newest = null;
  /** @type {Mark[]} */
  #marks = [];
  /** @type {{turn: number, samples: number} | null} */
  #left = null;
  #fade;
  #frame = 0;

  /**
   * @param {number} rate of the loudspeaker
   * @param {number} [capacity] of the ring, in samples
   */
  constructor(rate, capacity = CAPACITY) {
    this.rate = rate;
    this.#ring = new Ring(capacity);
    this.#fade = Math.max(1, Math.round(FADE_S * rate));
  }

  /** Whether there is nothing more to play. */
  get isEmpty() {
    return this.#ring.count === 0;
  }

  /** Up to which sample of which turn everything has left; null before the first. */
  get left() {
    return this.#left;
  }

  /**
   * Audio of a turn that begins at its sample `first`. What was there already is left out, what there is no room for
   * too; gives how many samples were lost so.
   * @param {number} turn
   * @param {number} rate
   * @param {number} first
   * @param {Int16Array} pcm
   */
  add(turn, rate, first, pcm) {
    const known = this.#newest?.turn === turn ? this.#newest.end - first : 0;
    const fresh = known > 0 ? pcm.subarray(known) : pcm;
    const start = first + pcm.length - fresh.length;
    const taken = this.#ring.write(fresh);
    const last = this.#spans.at(-1);
    if (last && last.turn === turn && last.rate === rate && last.first + last.count === start) last.count += taken;
    else if (taken > 0) this.#spans.push({ turn, rate, first: start, count: taken });
    if (fresh.length > 0) this.#newest = { turn, end: start + taken };
    return fresh.length - taken;
  }

  /** Fall silent, and keep what has not been played. */
  hold() {
    if (!this.#isHeld) this.#fadeOut();
    this.#isHeld = true;
  }

  /**
   * Go on, at this sample of the turn if it still is to come; never at what was played before.
   * @param {number} turn
   * @param {number} from
   */
  resume(turn, from) {
    const span = this.#spans[0];
    if (span?.turn === turn && from > span.first) {
      const skipped = Math.min(from - span.first, span.count);
      this.#ring.skip(skipped);
      this.#shorten(skipped);
    }
    if (this.#isHeld) this.#fadesInFrom = this.#fade;
    this.#isHeld = false;
  }

  /**
   * Fall silent, and forget what has not been played; what comes next is played. Where the turn is told again from a
   * later sample than its first, as after a lost line, what was played of it is not played twice.
   * @param {number} turn
   * @param {number} from
   */
  flush(turn, from) {
    if (!this.#isHeld) this.#fadeOut();
    this.#ring.clear();
    this.#spans = [];
    const left = this.#left;
    this.#newest = from > 0 && left?.turn === turn ? { turn, end: left.samples } : null;
    this.#resampler = null;
    this.#drain = 0;
    this.#isHeld = false;
  }

  /**
   * The next samples of the loudspeaker.
   * @param {Float32Array} output
   */
  pull(output) {
    output.fill(0);
    if (!this.#isHeld && !(this.isEmpty && this.#drain <= 0)) this.#render(output);
    const sounding = Math.min(this.#tail.length, output.length);
    for (let i = 0; i < sounding; i++) output[i] = /** @type {number} */ (output[i]) + /** @type {number} */ (this.#tail[i]);
    this.#tail = this.#tail.subarray(sounding);
    this.#frame += output.length;
  }

  /**
   * What was heard since the last time this was asked, one entry per turn: what left `latency` samples of the loudspeaker ago.
   * @param {number} latency
   * @returns {{turn: number, samples: number}[]}
   */
  heard(latency) {
    /** @type {Map<number, number>} */
    const told = new Map();
    while (this.#marks.length > 0) {
      const mark = /** @type {Mark} */ (this.#marks[0]);
      if (mark.frame + latency > this.#frame && this.#marks.length <= MOST_MARKS) break;
      told.delete(mark.turn);
      told.set(mark.turn, mark.samples);
      this.#marks.shift();
    }
    return [...told].map(([turn, samples]) => ({ turn, samples }));
  }

  /** @param {Float32Array} output */
  #render(output) {
    const rate = this.#spans[0]?.rate ?? this.#rate;
    if (!this.#resampler || rate !== this.#rate) {
      this.#resampler = new Resampler(rate, this.rate);
      this.#rate = rate;
    }
    const input = new Float32Array(this.#resampler.need(output.length));
    const taken = this.#take(input);
    this.#drain = taken > 0 ? this.#resampler.taps : this.#drain - input.length;
    output.set(this.#resampler.run(input, output.length));
    for (let i = 0; i < output.length && this.#fadesInFrom > 0; i++, this.#fadesInFrom--) {
      output[i] = /** @type {number} */ (output[i]) * (1 - this.#fadesInFrom / this.#fade);
    }
  }

  /** Fill with what comes next at the same rate; the rest stays silent. @param {Float32Array} input */
  #take(input) {
    let at = 0;
    while (at < input.length) {
      const span = this.#spans[0];
      if (!span || span.rate !== this.#rate) break;
      const count = Math.min(span.count, input.length - at);
      this.#ring.read(input, at, count);
      at += count;
      this.#left = { turn: span.turn, samples: span.first + count };
      this.#marks.push({ frame: this.#frame, ...this.#left });
      this.#shorten(count);
    }
    return at;
  }

  /** @param {number} count samples of the first span that are gone from the ring */
  #shorten(count) {
    const span = /** @type {Span} */ (this.#spans[0]);
    span.first += count;
    span.count -= count;
    if (span.count === 0) this.#spans.shift();
  }

  /** What sounds for a moment longer, ever more quietly. */
  #fadeOut() {
    if (this.isEmpty) return;
    const tail = new Float32Array(this.#fade);
    this.#render(tail);
    this.#tail = tail.map((sample, i) => sample * (1 - i / tail.length));
  }
}
