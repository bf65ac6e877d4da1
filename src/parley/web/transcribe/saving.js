/** Files of a transcript, in every format the server writes. */

export const FORMATS = /** @type {const} */ (["srt", "vtt", "txt", "tsv", "rttm", "json"]);

/**
 * The address of a format; json is everything that is known.
 * @param {string} id
 * @param {string} format
 */
export function addressOf(id, format) {
  return format === "json" ? `/v1/jobs/${id}/transcript` : `/v1/jobs/${id}/result?format=${format}`;
}

/**
 * The name in `Content-Disposition`, else the recording's own with another ending.
 * @param {string | null} disposition
 * @param {string} fileName
 * @param {string} format
 */
export function nameOf(disposition, fileName, format) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  try {
    if (encoded) return decodeURIComponent(encoded);
  } catch { /* not ours */ }
  return `${fileName.replace(/\.[^.]+$/, "") || "transcript"}.${format}`;
}

/**
 * Fetch a format and give it to the visitor as a file. Throws Problem.
 * @param {import("../app.js").App} app
 * @param {string} id
 * @param {string} fileName
 * @param {string} format
 */
export async function save(app, id, fileName, format) {
  const answer = await app.fetch(addressOf(id, format));
  const name = nameOf(answer.headers.get("Content-Disposition"), fileName, format);
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // Browsers read it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
