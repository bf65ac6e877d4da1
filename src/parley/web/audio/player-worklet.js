/**
 * Plays what it is sent, and says what was heard: `{played: {turn, samples}}` every 200 ms, when it is told to hold, and
 * when there is nothing more to play; `{lost}` when there was no room for so many samples.
 */
import { Loudspeaker } from "./loudspeaker.js";

const REPORT_S = 0.2;

class Player extends AudioWorkletProcessor {
  #speaker = new Loudspeaker(sampleRate);
  #latency = 0;
  #reportAt = 0;
  #isRunning = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#obey(data);
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const [first, ...others] = outputs[0] ?? [];
    if (!first) return this.#isRunning;
    const wasEmpty = this.#speaker.isEmpty;
    this.#speaker.pull(first);
    for (const other of others) other.set(first);
    const ended = !wasEmpty && this.#speaker.isEmpty;
    if (ended) this.#reportAt = Math.min(this.#reportAt, currentFrame + this.#latency);
    if (currentFrame >= this.#reportAt) this.#report(this.#latency);
    return this.#isRunning;
  }

  /** @param {any} order */
  #obey(order) {
    switch (order.do) {
      case "add": {
        const lost = this.#speaker.add(order.turn, order.rate, order.first, new Int16Array(order.pcm));
        if (lost > 0) this.port.postMessage({ lost });
        break;
      }
      case "hold":
        this.#speaker.hold();
        // What has left is on its way to the ear and cannot be held.
        return this.#report(0);
      case "resume":
        return this.#speaker.resume(order.turn, order.from);
      case "flush":
        this.#speaker.flush(order.turn, order.from);
        return this.#report(0);
      case "latency":
        this.#latency = Math.round(order.seconds * sampleRate);
        break;
      case "close":
        this.#isRunning = false;
    }
  }

  /** @param {number} latency */
  #report(latency) {
    this.#reportAt = currentFrame + REPORT_S * sampleRate;
    for (const played of this.#speaker.heard(latency)) this.port.postMessage({ played });
    // The last words are still in the air: say so as soon as they were heard.
    if (this.#speaker.isEmpty && latency > 0) this.#reportAt = currentFrame + Math.min(latency, REPORT_S * sampleRate);
  }
}

registerProcessor("player", Player);
