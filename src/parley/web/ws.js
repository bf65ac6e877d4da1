/**
 * A line to the server that is kept up: messages in the envelope {type, data, timestamp}, audio in binary frames.
 * A lost line is opened again, after ever longer waits; whoever owns it says how to go on (`opened`).
 *
 * Who logged in is told by the cookie. `auth_required` means that it is no longer good: the owner is asked to log in.
 *
 * @typedef {Record<string, any>} Data
 * @typedef {object} Owner
 * @property {(isAgain: boolean) => void} opened the line is open: say how to begin, or how to go on
 * @property {(type: string, data: Data) => void} message
 * @property {(frame: ArrayBuffer) => void} binary
 * @property {(triesInS: number) => void} lost the line is away; the next try comes in so many seconds
 * @property {() => void} ended nobody answered for too long, or it was closed for good
 * @property {() => Promise<void>} login
 */

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 5;
const GIVE_UP_AFTER_S = 60;
const PING_S = 10;
const DEAD_AFTER_S = 30;

/** Of what waits to be sent; more means that the line is dead or far too slow. */
const MOST_UNSENT_BYTES = 1 << 20;

/**
 * Seconds to wait before a try; the first waits are short, and no two pages come back in the same moment.
 * @param {number} tries so many failed since the line was open
 * @param {number} random 0 to 1
 */
export function waitBefore(tries, random) {
  return Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** tries) * (0.75 + random / 2);
}

/**
 * The address of a door of our own server.
 * @param {string} path
 * @param {{protocol: string, host: string}} [place]
 */
export function addressOf(path, place = location) {
  return `${place.protocol === "https:" ? "wss" : "ws"}://${place.host}${path}`;
}

/** One line; `close()` ends it for good. */
export class Line {
  /** @type {WebSocket | null} */
  #socket = null;
  #isOver = false;
  #wasOpen = false;
  #tries = 0;
  #lostAt = 0;
  #heardAt = 0;
  #pulse = 0;
  #timer = 0;

  /**
   * @param {string} path
   * @param {Owner} owner
   */
  constructor(path, owner) {
    this.path = path;
    this.owner = owner;
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Send a message; false when the line is away.
   * @param {string} type
   * @param {Data} [data]
   */
  send(type, data = {}) {
    return this.#put(JSON.stringify({ type, data, timestamp: new Date().toISOString() }));
  }

  /**
   * Send a binary frame; false when the line is away.
   * @param {ArrayBuffer | ArrayBufferView} frame
   */
  sendBinary(frame) {
    return this.#put(/** @type {ArrayBuffer} */ (frame));
  }

  /** The end. */
  close() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leave();
    this.owner.ended();
  }

  /** @param {string | ArrayBuffer} frame */
  #put(frame) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > MOST_UNSENT_BYTES) {
      this.#lose();
      return false;
    }
    socket.send(frame);
    return true;
  }

  #connect() {
    const socket = new WebSocket(addressOf(this.path));
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#begin();
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = () => this.#lose();
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#beat(), PING_S * 1000);
  }

  #begin() {
    const isAgain = this.#wasOpen;
    this.#wasOpen = true;
    this.#heardAt = performance.now();
    this.owner.opened(isAgain);
  }

  /** @param {string | ArrayBuffer} frame */
  #hear(frame) {
    this.#heardAt = performance.now();
    // A line that opens and is closed at once is as bad as one that does not open.
    this.#tries = 0;
    this.#lostAt = 0;
    if (typeof frame !== "string") return this.owner.binary(frame);
    const { type, data } = JSON.parse(frame);
    if (type === "auth_required") return void this.#logIn();
    this.owner.message(type, data ?? {});
  }

  async #logIn() {
    this.#leave();
    try {
      await this.owner.login();
      if (!this.#isOver) this.#connect();
    } catch {
      this.close();
    }
  }

  #beat() {
    if (performance.now() - this.#heardAt > DEAD_AFTER_S * 1000) this.#lose();
    else this.send("ping");
  }

  #lose() {
    if (this.#isOver) return;
    this.#leave();
    const now = performance.now();
    this.#lostAt ||= now;
    if (now - this.#lostAt > GIVE_UP_AFTER_S * 1000) return this.close();
    const wait = waitBefore(this.#tries++, Math.random());
    this.owner.lost(wait);
    this.#timer = setTimeout(() => this.#connect(), wait * 1000);
  }

  #leave() {
    clearInterval(this.#pulse);
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
