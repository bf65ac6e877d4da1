/**
 * A conversation over `/assistant`: begins one, goes on with it after a lost line, and says what changed. It knows the
 * protocol and nothing of how things look.
 *
 * @typedef {import("./turns.js").Turn} Turn
 * @typedef {import("./turns.js").Turns} Turns
 * @typedef {import("../audio/player.js").Player} Player
 * @typedef {"Idle" | "Listening" | "FinalizingASR" | "Thinking" | "Speaking"} State
 * @typedef {"off" | "connecting" | "open" | "lost"} Link
 * @typedef {Record<string, any>} Data
 *
 * @typedef {object} Wish
 * @property {string | null} language
 * @property {string | null} voice
 * @property {boolean} hands_free
 *
 * @typedef {object} Watcher
 * @property {() => void} changed the state, the link or what is known of the conversation
 * @property {(turn: Turn) => void} turn what was said
 * @property {(code: string, message: string, isOver: boolean) => void} problem
 * @property {() => Promise<void>} login
 */
import { Line } from "../ws.js";
import { Backlog } from "./backlog.js";

const RATE = 16000;
/** The server waits 30 s for a line that was lost. */
const KEPT = 30 * RATE;
/** Who speaks while the line is being opened is heard from so far back. */
const KEPT_AT_START = 3 * RATE;
const MOST_TYPED = 5;
const FAREWELL_MS = 3000;

/** After these a new session goes on with the conversation. */
const STALE = new Set(["session_not_found", "assistant_error"]);

export class Conversation {
  /** @type {Link} */ link = "off";
  /** @type {State} */ state = "Idle";
  /** What the server opened; null before. @type {Data | null} */
  facts = null;
  isSpeechHeard = false;

  /** @type {Line | null} */ #line = null;
  /** Whether the server has said `ready` on this line: what is sent before would be lost. */
  #isReady = false;
  #isResuming = false;
  #hasTurns = false;
  /** @type {string | null} */ #conversation = null;
  #backlog = new Backlog(KEPT);
  /** @type {string[]} */ #typed = [];
  /** @type {Data | null} what the next binary frame is */ #announced = null;
  /** Runs while a session ends that another is to follow. */
  #changing = 0;

  /**
   * @param {Turns} turns
   * @param {Player} player
   * @param {Wish} wish
   * @param {Watcher} watcher
   */
  constructor(turns, player, wish, watcher) {
    this.turns = turns;
    this.player = player;
    this.wish = wish;
    this.watcher = watcher;
  }

  /** The stored conversation that this is; null while nothing was said. */
  get id() {
    return this.#hasTurns ? this.#conversation : null;
  }

  /** Open the line, if it is not. */
  begin() {
    if (this.#line) return;
    this.#isReady = this.#isResuming = false;
    this.#line = new Line("/assistant", this.#owner());
    this.#become("connecting");
  }

  /** Go on with a stored conversation. @param {string} id */
  goOnWith(id) {
    this.leave();
    this.#typed = [];
    this.#conversation = id;
    this.#hasTurns = true;
  }

  /**
   * Speak otherwise from now on: a new session of the same conversation. It begins when the one before has said how
   * its last turn ended, so that it knows that turn.
   * @param {Wish} wish
   */
  change(wish) {
    this.wish = wish;
    if (!this.#line || this.#changing) return;
    this.player.hold();
    this.forgetSound();
    if (!this.#isReady || !this.#line.send("stop")) return this.#renew();
    this.#isReady = false;
    this.#changing = setTimeout(() => this.#renew(), FAREWELL_MS);
    this.#become("connecting");
  }

  #renew() {
    this.leave();
    this.begin();
  }

  /** What the microphone heard. @param {ArrayBuffer} pcm */
  hear(pcm) {
    this.#backlog.push(pcm);
    if (this.#isReady) this.#line?.sendBinary(pcm);
  }

  /** A typed turn; false when too many wait already. @param {string} text */
  type(text) {
    this.begin();
    if (this.#isReady && this.#line?.send("text", { text })) return true;
    if (this.#typed.length >= MOST_TYPED) return false;
    this.#typed.push(text);
    return true;
  }

  /** What was said so far is the turn. */
  finalize() {
    this.#line?.send("finalize");
  }

  /** End the answer now. */
  interrupt() {
    this.player.hold();
    this.#line?.send("interrupt");
  }

  /** Begin a new conversation. */
  reset() {
    this.turns.clear();
    this.#hasTurns = false;
    this.#conversation = null;
    this.#typed = [];
    if (this.#isReady) this.#line?.send("reset");
    // Whoever is away cannot be told; the session that comes back would be the old conversation.
    else if (this.#line) this.#renew();
  }

  /** The microphone was closed: what it heard before is of no use to a later session. */
  forgetSound() {
    this.#backlog = new Backlog(KEPT);
  }

  /** End the session; the conversation can be gone on with. */
  leave() {
    const line = this.#line;
    clearTimeout(this.#changing);
    this.#changing = 0;
    this.#line = null;
    this.#isReady = false;
    this.facts = null;
    this.#announced = null;
    this.player.flush(0);
    if (line) retire(line);
    this.#stand("Idle");
    this.#become("off");
  }

  /** @returns {import("../ws.js").Owner} */
  #owner() {
    return {
      opened: () => this.#start(),
      message: (type, data) => this.#hear(type, data),
      binary: (frame) => this.#play(frame),
      lost: () => this.#lost(),
      ended: () => this.#ended(),
      login: () => this.watcher.login(),
    };
  }

  #start() {
    const token = this.facts?.resume_token;
    this.#isResuming = Boolean(token);
    const fresh = { ...this.wish, conversation_id: this.id, sample_rate: RATE };
    this.#line?.send("start", token ? { resume_token: token } : fresh);
  }

  /**
   * @param {string} type
   * @param {Data} data
   */
  #hear(type, data) {
    switch (type) {
      case "ready": return this.#open(data);
      case "bye": return this.#changing ? this.#renew() : undefined;
      case "voice_assistant:state_changed": return this.#stand(data.state);
      case "voice_assistant:vad_status": return this.#noteSpeech(data.status === "speech_start");
      case "voice_assistant:playback": this.#control(data); break;
      case "voice_assistant:error": return this.#fail(data);
      case "audio": this.#announced = data; break;
    }
    const turn = this.turns.hear(type, data);
    if (!turn) return;
    this.#hasTurns ||= turn.isFinal;
    this.watcher.turn(turn);
  }

  /** @param {Data} facts */
  #open(facts) {
    const isNew = this.facts?.session_id !== facts.session_id;
    const wasReady = this.#isReady;
    this.facts = facts;
    this.#conversation = facts.conversation_id;
    this.#isReady = true;
    if (isNew) {
      this.turns.begin({ isParrot: facts.parrot, isSilent: facts.voice === null });
      this.#backlog.restart(KEPT_AT_START);
    }
    if (!wasReady) {
      // It was held while the line was away; the server says if it is to be held on.
      this.player.resume(0, 0);
      for (const frame of this.#backlog.after(facts.received_samples)) this.#line?.sendBinary(frame);
      for (const text of this.#typed.splice(0)) this.#line?.send("text", { text });
    }
    this.#become("open");
  }

  /** @param {ArrayBuffer} frame */
  #play(frame) {
    const audio = this.#announced;
    this.#announced = null;
    if (audio) this.player.add(audio.turn, audio.sample_rate, audio.first_sample, frame);
  }

  /** The loudspeaker was heard so far. @param {number} number @param {number} samples */
  played(number, samples) {
    this.#line?.send("played", { turn: number, samples });
    const turn = this.turns.played(number, samples);
    if (turn) this.watcher.turn(turn);
  }

  /** @param {Data} order */
  #control(order) {
    if (order.action === "pause") this.player.hold();
    else if (order.action === "resume") this.player.resume(order.turn, order.from_sample);
    else this.player.flush(order.turn, order.from_sample);
  }

  /** @param {Data} problem */
  #fail(problem) {
    if (problem.fatal && this.#isResuming && !this.#isReady && STALE.has(problem.code)) {
      // The server did not wait so long, or was started again: the conversation itself is stored.
      this.leave();
      return this.begin();
    }
    if (problem.fatal && problem.code === "conversation_not_found") this.#hasTurns = false;
    if (problem.fatal) this.leave();
    this.watcher.problem(problem.code, problem.message, Boolean(problem.fatal));
  }

  #lost() {
    this.#isReady = false;
    this.player.hold();
    this.#become(this.facts ? "lost" : "connecting");
  }

  #ended() {
    if (!this.#line) return;
    this.leave();
    this.watcher.problem("line_lost", "", true);
  }

  /** @param {boolean} isHeard */
  #noteSpeech(isHeard) {
    this.isSpeechHeard = isHeard;
    this.watcher.changed();
  }

  /** @param {State} state */
  #stand(state) {
    this.state = state;
    this.watcher.changed();
  }

  /** @param {Link} link */
  #become(link) {
    this.link = link;
    this.watcher.changed();
  }
}

/** Say goodbye before the line is closed: otherwise the server would wait for us to come back. @param {Line} line */
function retire(line) {
  const close = () => line.close();
  line.owner = {
    ...line.owner, opened: close, lost: close, binary: () => {}, ended: () => {},
    message: (type) => { if (type === "bye" || type === "voice_assistant:error") close(); },
  };
  if (line.send("stop")) setTimeout(close, FAREWELL_MS);
  else close();
}
