/**
 * Server-sent events over fetch, which can carry a Last-Event-ID of ours and be stopped; EventSource hides refusals.
 * HTML Standard, section 9.2.
 *
 * @typedef {object} ServerEvent
 * @property {string} type
 * @property {string} data
 * @property {string} id the last id so far
 */

const MOST_CHARACTERS = 64 * 1024 * 1024;

/** Takes text in pieces of any size and gives the events that are whole. */
export class EventParser {
  #rest = "";
  #id = "";
  #type = "";
  /** @type {string[]} */
  #data = [];
  #began = false;
  /** Milliseconds after which to come back, as the server wishes; null where it says nothing. @type {number | null} */
  retry = null;

  /** The last id so far. */
  get lastId() {
    return this.#id;
  }

  /**
   * @param {string} text
   * @returns {ServerEvent[]}
   */
  push(text) {
    if (!this.#began && text) {
      this.#began = true;
      if (text.startsWith("\ufeff")) text = text.slice(1);
    }
    this.#rest += text;
    if (this.#rest.length > MOST_CHARACTERS) throw new RangeError("an event without an end");
    /** @type {ServerEvent[]} */
    const found = [];
    for (;;) {
      const end = /\r\n|\n|\r/.exec(this.#rest);
      // A \r at the very end may be the first half of \r\n.
      if (!end || (end[0] === "\r" && end.index === this.#rest.length - 1)) return found;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event) found.push(event);
    }
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  /** @returns {ServerEvent | null} */
  #dispatch() {
    const data = this.#data;
    const type = this.#type || "message";
    this.#data = [];
    this.#type = "";
    return data.length ? { type, data: data.join("\n"), id: this.#id } : null;
  }
}

/**
 * Watch a stream until its terminal event, over lost lines: `told` hears each event. Ends when `isOver` says so of an event, when the
 * server answers 204, or when `signal` aborts; throws what `ask` refuses for good (a problem with a status below 500).
 *
 * @param {object} how
 * @param {(headers: Record<string, string>, signal: AbortSignal) => Promise<Response>} how.ask
 * @param {(event: ServerEvent) => boolean} how.told hears an event; true when it is the last
 * @param {AbortSignal} how.signal
 * @param {(ms: number, signal: AbortSignal) => Promise<void>} [how.wait]
 * @param {(lost: boolean) => void} [how.onLine] hears when the line is lost, and when it is there again
 */
export async function follow({ ask, told, signal, wait = pause, onLine = () => {} }) {
  let lastId = "";
  let tries = 0;
  let retryMs = 1000;
  while (!signal.aborted) {
    const parser = new EventParser();
    try {
      const answer = await ask(lastId ? { "Last-Event-ID": lastId } : {}, signal);
      if (answer.status === 204 || !answer.body) return;
      onLine(false);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const event of parser.push(value)) {
          tries = 0;
          lastId = event.id || lastId;
          if (told(event)) {
            await reader.cancel();
            return;
          }
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
    }
    if (signal.aborted) return;
    onLine(true);
    retryMs = Math.min(parser.retry ?? retryMs, 3000);
    await wait(Math.min(30_000, Math.max(500, retryMs * 2 ** Math.min(tries, 5) / 2)), signal);
    tries += 1;
  }
}

/** Whether asking again changes nothing. @param {unknown} error */
function isFinal(error) {
  const status = /** @type {{status?: number}} */ (error)?.status ?? 0;
  return status >= 400 && status < 500 && status !== 429 && status !== 408;
}

/**
 * Wait, or until it is aborted.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
