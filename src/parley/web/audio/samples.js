/** Samples as they are counted, written and weighed. */

/**
 * PCM16 of samples between -1 and 1; what is louder is cut off.
 * @param {Float32Array} samples
 */
export function pcm16(samples) {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(/** @type {number} */ (samples[i]) * 32768)));
  }
  return pcm;
}

/**
 * How loud samples are to an ear: 0 at -60 dBFS and below, 1 at full scale.
 * @param {Float32Array} samples
 */
export function loudness(samples) {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  if (power === 0) return 0;
  const db = 10 * Math.log10(power / samples.length);
  return Math.max(0, Math.min(1, 1 + db / 60));
}

/**
 * One channel of many.
 * @param {Float32Array[]} channels of the same length
 */
export function mono(channels) {
  const first = channels[0] ?? new Float32Array(0);
  if (channels.length < 2) return first;
  return first.map((_, i) => channels.reduce((sum, each) => sum + /** @type {number} */ (each[i]), 0) / channels.length);
}

/** Cuts a stream into frames of the same length, whatever pieces it comes in. */
export class Framer {
  /** @type {Float32Array} */
  #frame;
  #filled = 0;

  /** @param {number} length */
  constructor(length) {
    this.#frame = new Float32Array(length);
  }

  /**
   * The frames that these samples complete.
   * @param {Float32Array} samples
   */
  push(samples) {
    const whole = [];
    for (let at = 0; at < samples.length;) {
      const count = Math.min(samples.length - at, this.#frame.length - this.#filled);
      this.#frame.set(samples.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#frame.length) {
        whole.push(this.#frame.slice());
        this.#filled = 0;
      }
    }
    return whole;
  }
}
