/**
 * Finding words in a transcript. Pure.
 *
 * @typedef {object} Hit
 * @property {number} index of the segment
 * @property {number} start of the found part in its text, in UTF-16 units
 * @property {number} end
 */

const MOST_HITS = 10_000;

/**
 * Where a text occurs, whatever the case and the width of its letters. An empty one is nowhere.
 * @param {readonly string[]} texts
 * @param {string} wanted
 * @returns {Hit[]}
 */
export function find(texts, wanted) {
  const needle = folded(wanted.trim()).text;
  /** @type {Hit[]} */
  const hits = [];
  if (!needle) return hits;
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] ?? "";
    const hay = folded(text);
    for (let at = hay.text.indexOf(needle); at >= 0; at = hay.text.indexOf(needle, at + needle.length)) {
      hits.push({ index, start: hay.from(at), end: hay.to(at + needle.length) });
      if (hits.length >= MOST_HITS) return hits;
    }
  }
  return hits;
}

/**
 * Text without case and width, and where each of its parts stood before.
 * @param {string} text
 */
function folded(text) {
  let out = "";
  /** @type {number[]} */
  const places = [];
  let at = 0;
  for (const letter of text) {
    const plain = letter.normalize("NFKC").toLowerCase();
    for (let i = 0; i < plain.length; i++) places.push(at);
    out += plain;
    at += letter.length;
  }
  places.push(at);
  const whole = text.length;
  return {
    text: out,
    from: (/** @type {number} */ i) => places[i] ?? whole,
    /** The end of the letter before: one letter may have become several. */
    to: (/** @type {number} */ i) => {
      const last = places[i - 1] ?? whole;
      let next = i;
      while (next < places.length && places[next] === last) next++;
      return places[next] ?? whole;
    },
  };
}

/**
 * The hit to go to from here: the next behind, or before, the present one, round and round.
 * @param {number} present index among the hits, -1 for none
 * @param {number} count
 * @param {1 | -1} direction
 */
export function step(present, count, direction) {
  if (!count) return -1;
  if (present < 0) return direction > 0 ? 0 : count - 1;
  return (present + direction + count) % count;
}

/**
 * The first hit at or behind a segment; 0 where all are before it, -1 where there are none.
 * @param {readonly Hit[]} hits
 * @param {number} index
 */
export function firstFrom(hits, index) {
  if (!hits.length) return -1;
  const found = hits.findIndex((hit) => hit.index >= index);
  return found < 0 ? 0 : found;
}
