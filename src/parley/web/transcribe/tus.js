/**
 * One upload by tus 1.0: chunks, pause, going on after a lost line or a restart of the server. No page in it: requests and waiting are
 * handed in, so that Node tests it.
 *
 * @typedef {"waiting" | "sending" | "paused" | "lost" | "busy" | "done" | "failed" | "cancelled"} State
 *   lost: the line is gone and is tried again; busy: all bytes are there and the server's queue is full
 *
 * @typedef {object} Source what is sent
 * @property {string} name
 * @property {number} size
 * @property {(start: number, end: number) => BodyInit} slice
 *
 * @typedef {object} Means
 * @property {(path: string, init: RequestInit) => Promise<Response>} ask throws an error with `status`, `message` and maybe
 *   `retryAfter` when it is refused; status 0 when the line is gone
 * @property {(ms: number, signal: AbortSignal) => Promise<void>} wait
 * @property {() => number} now milliseconds
 *
 * @typedef {object} Facts
 * @property {State} state
 * @property {number} sent bytes that the server has
 * @property {string} id of the upload, which becomes that of the job; "" before it was created
 * @property {string} problem why it failed, waits or tries again; "" while all is well
 * @property {string} code that of the problem, where it has one
 * @property {number} [bytesPerSecond]
 */

const VERSION = { "Tus-Resumable": "1.0.0" };
const KIB = 1024;
const LEAST_CHUNK = 256 * KIB;
const MOST_CHUNK = 8 * KIB * KIB;
const CHUNK_MS = [500, 3000];
const PATIENCE_MS = 30 * 60 * 1000;

export class Upload {
  /** @type {State} */
  #state = "waiting";
  #sent = 0;
  #id = "";
  #problem = "";
  #code = "";
  #tries = 0;
  #chunk;
  #moved;
  #rate = 0;
  /** Whether only the server knows where we are: at the beginning of a visit, after a pause or a failure. */
  #unsure = false;
  /** @type {Promise<void> | null} */
  #running = null;
  /** @type {AbortController | null} */
  #line = null;

  /**
   * @param {Source} source
   * @param {Record<string, string>} options of the job
   * @param {Means} means
   * @param {(facts: Facts) => void} changed
   * @param {{id?: string, chunk?: number}} [before] what is known from an earlier visit
   */
  constructor(source, options, means, changed, before = {}) {
    this.source = source;
    this.options = options;
    this.means = means;
    this.changed = changed;
    this.#id = before.id ?? "";
    this.#chunk = before.chunk ?? 1024 * KIB;
    this.#moved = means.now();
  }

  /** @returns {Facts} */
  get facts() {
    return { state: this.#state, sent: this.#sent, id: this.#id, problem: this.#problem, code: this.#code, bytesPerSecond: this.#rate };
  }

  get isOver() {
    return ["done", "failed", "cancelled"].includes(this.#state);
  }

  /** Send until it is done, paused, failed or cancelled. */
  async run() {
    if (this.#running && !this.#line?.signal.aborted) return this.#running;
    await this.#running;
    if (this.#state === "done" || this.#state === "cancelled") return;
    const line = (this.#line = new AbortController());
    this.#moved = this.means.now();
    this.#tries = 0;
    this.#unsure = true;
    this.#become("sending", "");
    this.#running = this.#go(line.signal).finally(() => void (this.#running = null));
    await this.#running;
  }

  /** @param {AbortSignal} signal */
  async #go(signal) {
    while (!signal.aborted && !(await this.#step(signal)));
  }

  /** Stop for now; what was sent stays. */
  pause() {
    if (this.isOver || this.#state === "paused") return;
    this.#stop("paused");
  }

  /** Stop for good and have the server forget it. */
  async cancel() {
    if (this.#state === "done" || this.#state === "cancelled") return;
    this.#stop("cancelled");
    if (!this.#id) return;
    try {
      await this.means.ask(`/v1/uploads/${this.#id}`, { method: "DELETE", headers: VERSION });
    } catch { /* it expires by itself */ }
  }

  /** @param {State} state */
  #stop(state) {
    this.#become(state, "");
    this.#line?.abort();
  }

  /**
   * One request, and the wait after one that failed; true when there is nothing more to do.
   * @param {AbortSignal} signal
   */
  async #step(signal) {
    try {
      if (!this.#id) await this.#create(signal);
      else if (this.#unsure || this.#sent >= this.source.size) await this.#look(signal);
      else await this.#send(signal);
      this.#unsure = false;
      return this.isOver;
    } catch (error) {
      this.#unsure = true;
      if (signal.aborted) return true;
      return this.#failed(/** @type {Error & {status?: number, code?: string, retryAfter?: number | null}} */ (error), signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #create(signal) {
    const answer = await this.means.ask("/v1/uploads", {
      method: "POST",
      headers: { ...VERSION, "Upload-Length": String(this.source.size), "Upload-Metadata": metadata({ ...this.options, filename: this.source.name }) },
      signal,
    });
    this.#id = (answer.headers.get("Location") ?? "").split("/").at(-1) ?? "";
    this.#sent = 0;
    this.#heard(answer);
  }

  /** Where the server stands, which also asks it again to take a job that it had no room for. @param {AbortSignal} signal */
  async #look(signal) {
    this.#heard(await this.means.ask(`/v1/uploads/${this.#id}`, { method: "HEAD", headers: VERSION, signal }));
  }

  /** @param {AbortSignal} signal */
  async #send(signal) {
    const end = Math.min(this.source.size, this.#sent + this.#chunk);
    const began = this.means.now();
    const answer = await this.means.ask(`/v1/uploads/${this.#id}`, {
      method: "PATCH",
      headers: { ...VERSION, "Upload-Offset": String(this.#sent), "Content-Type": "application/offset+octet-stream" },
      body: this.source.slice(this.#sent, end),
      signal,
    });
    this.#pace(end - this.#sent, this.means.now() - began);
    this.#tries = 0;
    this.#heard(answer);
  }

  /** @param {Response} answer */
  #heard(answer) {
    const offset = Number(answer.headers.get("Upload-Offset"));
    if (answer.headers.get("Upload-Offset") !== null && Number.isFinite(offset)) {
      if (offset > this.#sent) this.#moved = this.means.now();
      this.#sent = offset;
    }
    const state = answer.headers.get("Parley-Job") ? "done" : "sending";
    if (this.isOver || this.#state === "paused") return;
    this.#become(state, "");
  }

  /**
   * Chunks that take about a second: progress is seen, and little is sent again after a lost line.
   * @param {number} bytes
   * @param {number} ms
   */
  #pace(bytes, ms) {
    const rate = (bytes / Math.max(1, ms)) * 1000;
    this.#rate = this.#rate ? this.#rate * 0.7 + rate * 0.3 : rate;
    if (bytes === this.#chunk && ms < (CHUNK_MS[0] ?? 0)) this.#chunk = Math.min(MOST_CHUNK, this.#chunk * 2);
    else if (ms > (CHUNK_MS[1] ?? 0)) this.#chunk = Math.max(LEAST_CHUNK, Math.floor(this.#chunk / 2));
  }

  /**
   * @param {Error & {status?: number, code?: string, retryAfter?: number | null}} error
   * @param {AbortSignal} signal
   */
  async #failed(error, signal) {
    const status = error.status ?? 0;
    if ((status === 404 || status === 410) && this.#id) {
      // It expired, or the server forgot it: from the beginning, once for each time something moved.
      this.#id = "";
      this.#sent = 0;
      if (this.#tries++ > 3) return this.#give(error);
      return false;
    }
    const passes = status === 0 || status >= 500 || [408, 409, 423, 429, 460].includes(status);
    const patient = this.means.now() - this.#moved < PATIENCE_MS || this.#state === "busy";
    if (!passes || !patient) return this.#give(error);
    // The answer to HEAD has no body that could say why.
    const isFull = error.code === "queue_full" || (status === 503 && this.#state === "busy");
    if (isFull && !error.code) this.#become("busy", this.#problem, this.#code);
    else this.#become(isFull ? "busy" : "lost", error.message, error.code);
    const own = 500 * 2 ** Math.min(this.#tries, 6);
    this.#tries += 1;
    // The first disagreement on where we are is settled by looking, at once.
    if (status !== 409 || this.#tries > 1) await this.means.wait(Math.max(own, (error.retryAfter ?? 0) * 1000), signal);
    return false;
  }

  /** @param {Error & {code?: string}} error */
  #give({ message, code }) {
    this.#become("failed", message, code);
    return true;
  }

  /**
   * @param {State} state
   * @param {string} problem
   * @param {string} [code]
   */
  #become(state, problem, code = "") {
    this.#state = state;
    this.#code = code;
    this.#problem = problem;
    this.changed(this.facts);
  }
}

/**
 * Pairs as `Upload-Metadata` has them; what is empty is left out.
 * @param {Record<string, string>} pairs
 */
export function metadata(pairs) {
  const written = Object.entries(pairs).filter(([, value]) => value !== "");
  return written.map(([key, value]) => `${key} ${base64(value)}`).join(",");
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
