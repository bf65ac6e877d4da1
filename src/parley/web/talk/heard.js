/**
 * How much of an answer's text was heard. The answer names each clause when its audio begins; within a clause, text
 * passes with time.
 *
 * The voice gets plain words, the text may hold markup: the two are laid side by side by their letters and digits alone.
 *
 * @typedef {{text: string, first: number}} Clause what is spoken from this sample of the turn on
 */

const LETTER = /[\p{L}\p{N}]/u;
/** Clauses are looked for this many letters further on at most: beyond it is another place that reads the same. */
const FAR = 400;

/**
 * The position in `content` up to which it was heard.
 * @param {string} content all of the text
 * @param {readonly Clause[]} clauses in order
 * @param {number} end samples of the turn that are known
 * @param {number} played samples of it that were heard
 */
export function heardUpTo(content, clauses, end, played) {
  const { letters, places } = folded(content);
  let position = 0;
  let at = 0;
  for (const [index, clause] of clauses.entries()) {
    const spoken = folded(clause.text).letters;
    const found = letters.slice(at, at + FAR + spoken.length).indexOf(spoken);
    const start = found < 0 ? at : at + found;
    const stop = Math.min(letters.length, start + spoken.length);
    const until = clauses[index + 1]?.first ?? end;
    if (played <= clause.first) break;
    if (played < until) {
      const share = (played - clause.first) / (until - clause.first);
      return inContent(content, places, start + Math.floor((stop - start) * share));
    }
    at = stop;
    position = inContent(content, places, stop);
  }
  return position;
}

/** @param {string} text */
function folded(text) {
  const places = [];
  let letters = "";
  let at = 0;
  for (const character of text) {
    if (LETTER.test(character)) {
      letters += character.toLowerCase().slice(0, character.length);
      for (let i = 0; i < character.length; i++) places.push(at + i);
    }
    at += character.length;
  }
  return { letters, places };
}

/**
 * The end of the word (or of the character, where there are no spaces) that so many letters reach into.
 * @param {string} content
 * @param {readonly number[]} places
 * @param {number} count
 */
function inContent(content, places, count) {
  if (count <= 0) return 0;
  if (count >= places.length) return content.length;
  const last = /** @type {number} */ (places[count - 1]) + 1;
  const rest = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}'’-]*/u.exec(content.slice(last));
  return last + (isWordy(content[last - 1] ?? "") ? rest?.[0].length ?? 0 : 0);
}

/** @param {string} character */
function isWordy(character) {
  return /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u.test(character);
}
