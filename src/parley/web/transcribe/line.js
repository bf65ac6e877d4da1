/**
 * Who may do something now: at most so many at a time, the others in the order they came. Pure.
 * @template T
 */
export class Line {
  /**
   * @param {number} most at a time
   * @param {(one: T) => Promise<unknown>} work
   */
  constructor(most, work) {
    this.most = most;
    this.work = work;
    /** @type {T[]} */
    this.waiting = [];
    this.active = 0;
  }

  /** @param {T} one */
  join(one) {
    if (!this.waiting.includes(one)) this.waiting.push(one);
    this.#next();
  }

  /** @param {T} one */
  leave(one) {
    this.waiting = this.waiting.filter((each) => each !== one);
  }

  #next() {
    while (this.active < this.most) {
      const one = this.waiting.shift();
      if (one === undefined) return;
      this.active += 1;
      void this.work(one).catch(() => {}).finally(() => {
        this.active -= 1;
        this.#next();
      });
    }
  }
}
