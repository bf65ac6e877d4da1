/** A ring of PCM16 samples of fixed size. */
export class Ring {
  /** @type {Int16Array} */
  #samples;
  #first = 0;
  #count = 0;

  /** @param {number} capacity */
  constructor(capacity) {
    this.#samples = new Int16Array(capacity);
  }

  get count() {
    return this.#count;
  }

  get room() {
    return this.#samples.length - this.#count;
  }

  /**
   * Put samples behind the others; gives how many there was room for.
   * @param {Int16Array} pcm
   */
  write(pcm) {
    const taken = Math.min(pcm.length, this.room);
    const start = (this.#first + this.#count) % this.#samples.length;
    const before = Math.min(taken, this.#samples.length - start);
    this.#samples.set(pcm.subarray(0, before), start);
    this.#samples.set(pcm.subarray(before, taken), 0);
    this.#count += taken;
    return taken;
  }

  /**
   * Take the oldest samples out, as numbers from -1 to 1, into `target` from `at` on. So many there must be.
   * @param {Float32Array} target
   * @param {number} at
   * @param {number} count
   */
  read(target, at, count) {
    for (let i = 0; i < count; i++) {
      target[at + i] = /** @type {number} */ (this.#samples[(this.#first + i) % this.#samples.length]) / 32768;
    }
    this.skip(count);
  }

  /** Forget the oldest samples. @param {number} count */
  skip(count) {
    this.#first = (this.#first + count) % this.#samples.length;
    this.#count -= count;
  }

  clear() {
    this.#first = this.#count = 0;
  }
}
