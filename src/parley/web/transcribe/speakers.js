/** Colours and names of speakers. Pure. */

/** As many `--voice-N` as colours.css has. */
export const COLOURS = 8;

/**
 * The colour of each label, the same whenever the transcript is opened: they are given in the order of the labels.
 * @param {readonly string[]} labels
 * @returns {Map<string, string>} values for CSS
 */
export function colours(labels) {
  return new Map(labels.map((label, index) => [label, `var(--voice-${index % COLOURS})`]));
}

/**
 * A label for people: "Speaker2" in their language, a name as it is.
 * @param {string} label
 * @param {(key: string, values: Record<string, string>) => string} t
 */
export function titled(label, t) {
  const number = /^Speaker(\d+)$/.exec(label)?.[1];
  return number ? t("transcribe.speaker", { number }) : label;
}

/**
 * The one or two letters that stand for a name.
 * @param {string} name
 */
export function initials(name) {
  const number = /(\d+)\s*$/.exec(name)?.[1];
  if (number) return number.slice(-2);
  const letters = [...name.trim()];
  if (/\p{Script=Han}/u.test(name)) return letters.filter((letter) => /\p{Script=Han}/u.test(letter)).slice(-1).join("");
  const words = name.trim().split(/\s+/).slice(0, 2);
  return words.map((word) => [...word][0] ?? "").join("").toUpperCase();
}
