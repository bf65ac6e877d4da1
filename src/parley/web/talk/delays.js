/**
 * Where the time of a turn went, as pieces of one bar.
 *
 * @typedef {{stage: string, ms: number}} Delay
 * @typedef {object} Metrics in ms from the end of the user's speech; null: it did not happen
 * @property {number | null} endpoint_ms
 * @property {number | null} asr_final_ms
 * @property {number | null} llm_first_token_ms
 * @property {number | null} first_sentence_ms
 * @property {number | null} tts_first_audio_ms
 * @property {number | null} first_audio_sent_ms
 */

/** In the order in which they usually end. What is done ahead of time takes no time of its own. */
const STAGES = /** @type {const} */ ([
  ["pause", "endpoint_ms"],
  ["text", "asr_final_ms"],
  ["model", "llm_first_token_ms"],
  ["clause", "first_sentence_ms"],
  ["voice", "tts_first_audio_ms"],
  ["sent", "first_audio_sent_ms"],
]);

/**
 * What each stage added to the wait; the stages that added nothing are left out.
 * @param {Metrics} metrics
 * @returns {Delay[]}
 */
export function delays(metrics) {
  const found = [];
  let until = 0;
  for (const [stage, name] of STAGES) {
    const end = metrics[name];
    if (end === null || end === undefined || end <= until) continue;
    found.push({ stage, ms: end - until });
    until = end;
  }
  return found;
}

/**
 * From the end of speech to the first sound of the answer, as far as it came.
 * @param {readonly Delay[]} pieces
 */
export function total(pieces) {
  return pieces.reduce((sum, { ms }) => sum + ms, 0);
}

/** Seconds as people read them. @param {number} ms */
export function seconds(ms) {
  return (ms / 1000).toFixed(ms < 9950 ? 1 : 0);
}
