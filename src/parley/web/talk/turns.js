/**
 * What was said, as the page shows it: messages of the server in, turns out. Nothing here knows a browser.
 *
 * @typedef {import("./heard.js").Clause} Clause
 * @typedef {import("./delays.js").Metrics} Metrics
 *
 * @typedef {object} Turn
 * @property {string} id of this page only
 * @property {string} said
 * @property {boolean} isFinal
 * @property {boolean} isTyped
 * @property {string} answer
 * @property {boolean} isComplete
 * @property {boolean} isInterrupted
 * @property {Clause[]} clauses
 * @property {number} revision
 * @property {number} rate of the answer's audio
 * @property {number} end samples of the answer that came
 * @property {number} played samples of it that were heard
 * @property {Metrics | null} metrics
 * @property {string | null} problem
 * @property {boolean} isParrot nobody thought about the answer
 * @property {boolean} isSilent there is no voice: what is shown is all there is
 *
 * @typedef {Record<string, any>} Data
 */

/** A conversation that is longer is shown from here on; the server keeps all of it. */
export const MOST_SHOWN = 200;

export class Turns {
  /** @type {Map<string, Turn>} in order */
  #turns = new Map();
  /** The server counts the turns of each session from 1. */
  #session = 0;
  #notes = 0;
  /** Turns of the server's up to this one are over, and up to the other were thrown away: what still comes is late. */
  #concluded = 0;
  #dropped = 0;
  #how = { isParrot: false, isSilent: false };

  /** All turns, in order. */
  get all() {
    return [...this.#turns.values()];
  }

  /** A session has begun: its turns are others than those of the one before. @param {{isParrot?: boolean, isSilent?: boolean}} [how] */
  begin({ isParrot = false, isSilent = false } = {}) {
    this.#session++;
    this.#concluded = this.#dropped = 0;
    this.#how = { isParrot, isSilent };
  }

  /** Nothing was said. */
  clear() {
    this.#turns.clear();
    this.#dropped = this.#concluded;
    this.#session++;
  }

  /**
   * What was said earlier, as the server remembers it.
   * @param {readonly {role: string, text: string, interrupted?: boolean}[]} messages
   */
  recall(messages) {
    this.clear();
    /** @type {Turn | null} */
    let open = null;
    for (const { role, text, interrupted } of messages) {
      if (role === "user" || !open) open = this.#turn(`earlier.${this.#turns.size}`);
      // Who answered then is not remembered.
      if (role === "user") Object.assign(open, { said: text, isFinal: true, isParrot: false });
      else Object.assign(open, { answer: text, isComplete: true, isInterrupted: interrupted ?? false, isParrot: false });
      if (role !== "user") open = null;
    }
  }

  /**
   * The turn that a message changed; null for one that changes none.
   * @param {string} type
   * @param {Data} data
   * @returns {Turn | null}
   */
  hear(type, data) {
    if (data.turn <= this.#dropped) return null;
    switch (type) {
      case "voice_assistant:user_transcript": return this.#said(data);
      case "voice_assistant:assistant_response": return this.#answered(data);
      case "voice_assistant:turn_metrics": return this.#measured(data);
      case "audio": return this.#announced(data);
      case "voice_assistant:playback": return data.action === "flush" ? this.#flushed(data) : null;
      default: return null;
    }
  }

  /**
   * The turn of whose answer so much was heard.
   * @param {number} number
   * @param {number} samples
   */
  played(number, samples) {
    const turn = this.#turns.get(`${this.#session}.${number}`) ?? null;
    if (turn) turn.played = samples;
    return turn;
  }

  /** What went wrong, where it happened. @param {string} sentence */
  fail(sentence) {
    const last = this.all.at(-1);
    const turn = last && !last.isComplete && !last.problem ? last : this.#turn(`note.${this.#notes++}`);
    turn.problem = sentence;
    return turn;
  }

  /** @param {string} id @returns {Turn} */
  #turn(id) {
    const known = this.#turns.get(id);
    if (known) return known;
    const turn = {
      id, said: "", isFinal: false, isTyped: false, answer: "", isComplete: false, isInterrupted: false, clauses: [],
      revision: 0, rate: 0, end: 0, played: 0, metrics: null, problem: null, ...this.#how,
    };
    this.#turns.set(id, turn);
    const [oldest] = this.#turns.keys();
    if (this.#turns.size > MOST_SHOWN && oldest !== undefined) this.#turns.delete(oldest);
    return turn;
  }

  /** @param {Data} data */
  #numbered(data) {
    const turn = this.#turn(`${this.#session}.${data.turn}`);
    if ((data.revision ?? 0) > turn.revision) {
      Object.assign(turn, { revision: data.revision, answer: "", isComplete: false, clauses: [], end: 0, played: 0 });
    }
    return turn;
  }

  /** @param {Data} data */
  #said(data) {
    const turn = this.#numbered(data);
    turn.said = data.final_text ?? data.partial ?? "";
    turn.isFinal = data.final_text !== null && data.final_text !== undefined;
    turn.isTyped = data.typed ?? false;
    if (turn.isFinal) this.#concluded = Math.max(this.#concluded, data.turn);
    if (!turn.said && !turn.answer) {
      this.#turns.delete(turn.id);
    }
    return turn;
  }

  /** @param {Data} data */
  #answered(data) {
    const turn = this.#numbered(data);
    if ((data.revision ?? 0) < turn.revision) return null;
    turn.answer = data.content;
    turn.isComplete = data.is_complete;
    return turn;
  }

  /** @param {Data} data */
  #announced(data) {
    const turn = this.#turn(`${this.#session}.${data.turn}`);
    turn.rate = data.sample_rate;
    turn.end = Math.max(turn.end, data.first_sample + data.samples);
    const last = turn.clauses.at(-1);
    if (data.text && (!last || data.first_sample > last.first)) turn.clauses.push({ text: data.text, first: data.first_sample });
    return turn;
  }

  /** What is thrown away and not told again was never heard. @param {Data} data */
  #flushed(data) {
    const turn = this.#turns.get(`${this.#session}.${data.turn}`) ?? null;
    if (turn && data.from_sample === 0) Object.assign(turn, { clauses: [], end: 0 });
    return turn;
  }

  /** @param {Data} data */
  #measured(data) {
    const turn = this.#turn(`${this.#session}.${data.turn}`);
    turn.metrics = /** @type {Metrics} */ (/** @type {unknown} */ (data));
    turn.isInterrupted = data.interrupted;
    return turn;
  }
}

/** Whether there is anything to see of it. @param {Turn} turn */
export function isEmpty(turn) {
  return !turn.said && !turn.answer && !turn.problem;
}
