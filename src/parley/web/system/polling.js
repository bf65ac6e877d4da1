/**
 * Asks again and again, politely: one request at a time, none while nobody looks, and ever more rarely while nobody answers. Pure but for
 * the clock that it is given.
 */
export class Polling {
  /** @type {unknown} */
  #timer = null;
  #wanted = false;
  #asking = false;
  #failures = 0;

  /**
   * @param {() => Promise<void>} ask throws when nobody answers
   * @param {number} everyMs
   * @param {{set: (work: () => void, ms: number) => unknown, clear: (timer: unknown) => void}} [timers]
   */
  constructor(ask, everyMs, timers = { set: (work, ms) => setTimeout(work, ms), clear: (timer) => clearTimeout(/** @type {number} */ (timer)) }) {
    this.ask = ask;
    this.everyMs = everyMs;
    this.timers = timers;
  }

  /** Somebody looks. */
  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.#now();
  }

  /** Nobody looks any more. */
  stop() {
    this.#wanted = false;
    this.timers.clear(this.#timer);
  }

  async #now() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.ask();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
    } finally {
      this.#asking = false;
    }
    if (!this.#wanted) return;
    this.timers.clear(this.#timer);
    this.#timer = this.timers.set(() => void this.#now(), this.everyMs * 2 ** Math.min(this.#failures, 3));
  }
}
