/**
 * Uploads that were begun in this browser, so that the same file goes on where it stopped.
 *
 * @typedef {object} Remembered
 * @property {string} id
 * @property {string} name
 * @property {number} size
 * @property {number} at milliseconds since the epoch
 */

const KEY = "parley.uploads";
const MOST = 50;

/**
 * What makes a file the same one as before: a browser tells no more without reading all of it.
 * @param {{name: string, size: number, lastModified: number}} file
 */
export function fingerprint(file) {
  return `${file.size}-${file.lastModified}-${file.name}`;
}

export class Memory {
  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where it is forbidden */
  constructor(storage) {
    this.storage = storage;
    /** @type {Map<string, Remembered>} */
    this.known = new Map();
    try {
      const read = JSON.parse(storage?.getItem(KEY) ?? "{}");
      for (const [key, value] of Object.entries(read)) if (isRemembered(value)) this.known.set(key, value);
    } catch { /* somebody else wrote there: begin anew */ }
  }

  /** @param {string} key */
  get(key) {
    return this.known.get(key);
  }

  /**
   * @param {string} key
   * @param {Remembered} upload
   */
  keep(key, upload) {
    this.known.delete(key);
    this.known.set(key, upload);
    for (const oldest of [...this.known.keys()].slice(0, Math.max(0, this.known.size - MOST))) this.known.delete(oldest);
    this.#write();
  }

  /** @param {string} key */
  forget(key) {
    if (this.known.delete(key)) this.#write();
  }

  #write() {
    try {
      this.storage?.setItem(KEY, JSON.stringify(Object.fromEntries(this.known)));
    } catch { /* full or forbidden: it goes on while the page is open */ }
  }
}

/**
 * @param {unknown} value
 * @returns {value is Remembered}
 */
function isRemembered(value) {
  const each = /** @type {Partial<Remembered> | null} */ (value);
  return !!each && typeof each === "object" && typeof each.id === "string" && typeof each.name === "string" && typeof each.size === "number";
}
