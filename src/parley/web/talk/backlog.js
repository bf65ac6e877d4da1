/**
 * What the microphone heard and the server may not have: while the line is being opened, and after it was lost, when the
 * server says up to which sample it has everything. The oldest is forgotten beyond the bound.
 */
export class Backlog {
  /** @type {Int16Array[]} */
  #frames = [];
  /** Samples of the session before the first frame, and after the last. */
  #first = 0;
  #end = 0;

  /** @param {number} most samples that are kept */
  constructor(most) {
    this.most = most;
  }

  /** Keep a frame. @param {ArrayBuffer} pcm */
  push(pcm) {
    const frame = new Int16Array(pcm);
    this.#frames.push(frame);
    this.#end += frame.length;
    while (this.#end - this.#first > this.most) this.#forget();
  }

  /**
   * The frames after this sample; what was forgotten before is not missed: the server counts what it gets.
   * @param {number} received
   * @returns {Int16Array[]}
   */
  after(received) {
    let at = this.#first;
    const rest = [];
    for (const frame of this.#frames) {
      if (at + frame.length > received) rest.push(at < received ? frame.subarray(received - at) : frame);
      at += frame.length;
    }
    if (this.#first > received || received > this.#end) this.#renumber(received, rest);
    return rest;
  }

  /** A new session: it begins with the last of what is kept. @param {number} most samples of it */
  restart(most) {
    const kept = this.after(Math.max(this.#first, this.#end - most));
    this.#renumber(0, kept);
  }

  /**
   * @param {number} first
   * @param {Int16Array[]} frames
   */
  #renumber(first, frames) {
    this.#frames = frames.map((frame) => frame);
    this.#first = first;
    this.#end = frames.reduce((sum, frame) => sum + frame.length, first);
  }

  #forget() {
    this.#first += this.#frames.shift()?.length ?? 0;
  }
}
