/**
 * The loudspeaker, as answers use it.
 *
 * @typedef {object} PlayerListener
 * @property {(turn: number, samples: number) => void} played so much of a turn was heard
 * @property {(samples: number) => void} lost there was no room for so many samples
 */

const LATENCY_EVERY_MS = 1000;

export class Player {
  /** @type {AudioContext | null} */ #context = null;
  /** @type {AudioWorkletNode | null} */ #node = null;
  /** @type {AnalyserNode | null} */ #meter = null;
  /** @type {Promise<void> | null} */ #opening = null;
  /** @type {{order: Record<string, unknown>, moved: Transferable[]}[]} what was ordered before it was there */
  #waiting = [];
  #timer = 0;

  /** @param {PlayerListener} listener */
  constructor(listener) {
    this.listener = listener;
  }

  /** Make it ready; browsers let sound out only after a click or a key, so call this from one. */
  async unlock() {
    this.#opening ??= this.#open();
    try {
      await this.#opening;
    } catch (error) {
      this.#opening = null;
      this.#waiting = [];
      throw error;
    }
    await this.#context?.resume();
  }

  /** Whether sound comes out. */
  get isAudible() {
    return this.#context?.state === "running";
  }

  /**
   * Audio of a turn that begins at its sample `first`.
   * @param {number} turn
   * @param {number} rate
   * @param {number} first
   * @param {ArrayBuffer} pcm
   */
  add(turn, rate, first, pcm) {
    this.#order({ do: "add", turn, rate, first, pcm }, [pcm]);
  }

  /** Fall silent, and keep the rest. */
  hold() {
    this.#order({ do: "hold" });
  }

  /**
   * @param {number} turn
   * @param {number} from the first sample that was not played
   */
  resume(turn, from) {
    this.#order({ do: "resume", turn, from });
  }

  /**
   * Fall silent, and forget the rest.
   * @param {number} turn
   * @param {number} [from] where the turn goes on, if it does
   */
  flush(turn, from = 0) {
    this.#order({ do: "flush", turn, from });
  }

  /** How loud it is now, 0 to 1. */
  level() {
    if (!this.#meter) return 0;
    const samples = new Float32Array(this.#meter.fftSize);
    this.#meter.getFloatTimeDomainData(samples);
    return Math.min(1, 3 * Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length));
  }

  /** The end. */
  close() {
    clearInterval(this.#timer);
    this.#order({ do: "close" });
    void this.#context?.close();
    this.#context = this.#node = this.#meter = null;
  }

  async #open() {
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    await context.audioWorklet.addModule("/page/audio/player-worklet.js");
    const node = new AudioWorkletNode(context, "player", { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = ({ data }) => {
      if (data.played) this.listener.played(data.played.turn, data.played.samples);
      else this.listener.lost(data.lost);
    };
    const meter = new AnalyserNode(context, { fftSize: 512 });
    node.connect(meter).connect(context.destination);
    this.#node = node;
    this.#meter = meter;
    for (const { order, moved } of this.#waiting.splice(0)) node.port.postMessage(order, moved);
    this.#timer = setInterval(() => this.#tellLatency(), LATENCY_EVERY_MS);
    this.#tellLatency();
  }

  #tellLatency() {
    const context = this.#context;
    // Safari does not know how late its loudspeaker is.
    if (context) this.#order({ do: "latency", seconds: Math.min(1, context.outputLatency || context.baseLatency || 0) });
  }

  /**
   * @param {Record<string, unknown>} order
   * @param {Transferable[]} [moved]
   */
  #order(order, moved = []) {
    if (this.#node) this.#node.port.postMessage(order, moved);
    else if (this.#opening) this.#waiting.push({ order, moved });
  }
}
