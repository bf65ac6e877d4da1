/**
 * A transcript and what was corrected in it. Pure: what has to be sent is handed out, what the server says handed in.
 *
 * @typedef {object} Word
 * @property {string} text
 * @property {number} start
 * @property {number} end
 *
 * @typedef {object} Segment
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {string | null} [speaker]
 * @property {Word[] | null} [words]
 *
 * @typedef {object} Transcript as docs/formats/transcript.schema.json has it
 * @property {number} duration
 * @property {Segment[]} segments
 * @property {string[]} speakers
 * @property {string | null} [language]
 * @property {string} [profile]
 * @property {boolean} [diarized]
 * @property {{start: number, end: number, message?: string}[]} [failed]
 * @property {string[]} [warnings]
 *
 * @typedef {object} Edits names by label, texts by index
 * @property {Record<string, string>} speakers
 * @property {Record<string, string>} texts
 *
 * @typedef {object} Change one thing that was done, and how it was before ("" is what was recognised)
 * @property {"speakers" | "texts"} kind
 * @property {string} key
 * @property {string} before
 * @property {string} after
 */

const MOST_UNDONE = 200;

export class Corrections {
  /** @type {Edits} */
  #edits = { speakers: {}, texts: {} };
  /** @type {Change[]} */
  #done = [];

  /**
   * @param {Transcript} transcript as it was recognised
   * @param {Edits} edits as the server has them
   */
  constructor(transcript, edits) {
    this.transcript = transcript;
    this.replace(edits);
  }

  /** What the server has now. @param {Edits} edits */
  replace(edits) {
    this.#edits = { speakers: { ...edits.speakers }, texts: { ...edits.texts } };
  }

  /** @param {number} index */
  text(index) {
    return this.#edits.texts[index] ?? this.transcript.segments[index]?.text ?? "";
  }

  /** @param {number} index */
  isCorrected(index) {
    return this.#edits.texts[index] !== undefined;
  }

  /** What to call a speaker. @param {string} label */
  name(label) {
    return this.#edits.speakers[label] ?? label;
  }

  /** @param {string} label */
  isNamed(label) {
    return this.#edits.speakers[label] !== undefined;
  }

  get isEdited() {
    return Object.keys(this.#edits.texts).length + Object.keys(this.#edits.speakers).length > 0;
  }

  get texts() {
    return this.transcript.segments.map((_, index) => this.text(index));
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  /**
   * What correcting a text changes; null where nothing does. Empty, or what was recognised, takes a correction back.
   * @param {number} index
   * @param {string} text
   */
  correct(index, text) {
    const original = this.transcript.segments[index]?.text;
    if (original === undefined) return null;
    const wanted = text.trim().replace(/\s*\n\s*/g, " ");
    return this.#change("texts", String(index), wanted === original ? "" : wanted);
  }

  /**
   * The same for a name.
   * @param {string} label
   * @param {string} name
   */
  rename(label, name) {
    if (!this.transcript.speakers.includes(label)) return null;
    const wanted = name.trim().replace(/\s+/g, " ");
    return this.#change("speakers", label, wanted === label ? "" : wanted);
  }

  /**
   * @param {"speakers" | "texts"} kind
   * @param {string} key
   * @param {string} after
   * @returns {Change | null}
   */
  #change(kind, key, after) {
    const before = this.#edits[kind][key] ?? "";
    return before === after ? null : { kind, key, before, after };
  }

  /** The server took a change: it can be undone. @param {Change} change */
  took(change) {
    this.#apply(change.kind, change.key, change.after);
    this.#done.push(change);
    if (this.#done.length > MOST_UNDONE) this.#done.shift();
  }

  /** What would take the last change back; null where there is none. @returns {Change | null} */
  undoing() {
    const last = this.#done.at(-1);
    return last ? { kind: last.kind, key: last.key, before: last.after, after: last.before } : null;
  }

  /** The server took what `undoing` gave. @param {Change} change */
  undone(change) {
    this.#apply(change.kind, change.key, change.after);
    this.#done.pop();
  }

  /** Somebody else changed the same: what we did can no longer be taken back one by one. */
  forgetUndo() {
    this.#done = [];
  }

  /**
   * @param {"speakers" | "texts"} kind
   * @param {string} key
   * @param {string} value
   */
  #apply(kind, key, value) {
    if (value) this.#edits[kind][key] = value;
    else delete this.#edits[kind][key];
  }
}

/** A change as `PATCH edits` wants it. @param {Change} change */
export function asEdits({ kind, key, after }) {
  return { [kind]: { [key]: after } };
}

/**
 * The segment that is heard at a time: the last that has begun and not ended long ago; -1 where there is none.
 * @param {readonly {start: number, end: number}[]} segments by start
 * @param {number} time
 */
export function heardAt(segments, time) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.start ?? 0) <= time + 0.02) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
