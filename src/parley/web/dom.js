/**
 * Elements in few words. The content policy forbids inline styles in markup: set `element.style.x`, which it allows.
 *
 * @typedef {Node | string | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Properties
 */
import { t } from "./i18n.js";

/**
 * An element. Of the properties `class`, `data-*`, `aria-*`, `role` and other names with a hyphen become attributes, `on...`
 * listeners, `t`, `tLabel` and `tPlaceholder` keys of words that follow the language; the rest are set as they are.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(.../** @type {(Node | string)[]} */ (children.flat().filter((child) => child != null && child !== false)));
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {any} value
 */
function set(element, name, value) {
  if (value === undefined || value === null) return;
  if (name === "t") {
    element.dataset.t = value;
    element.textContent = t(value);
  } else if (name === "tLabel") {
    element.dataset.tLabel = value;
    element.setAttribute("aria-label", t(value));
    if (element.tagName === "BUTTON") element.title = t(value);
  } else if (name === "tPlaceholder") {
    element.dataset.tPlaceholder = value;
    element.setAttribute("placeholder", t(value));
  } else if (name.startsWith("on") && typeof value === "function") {
    element.addEventListener(name.slice(2).toLowerCase(), value);
  } else if (name in element && !name.includes("-")) {
    /** @type {any} */ (element)[name] = value;
  } else if (value !== false) {
    element.setAttribute(name === "className" ? "class" : name, value === true ? "" : String(value));
  }
}

const GLYPHS = {
  mic: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5 11a7 7 0 0 0 14 0M12 18v3",
  stop: "M7 7h10v10H7Z",
  send: "M4 12h15M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  play: "M8 5v14l11-7Z",
  pause: "M8 5v14M16 5v14",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M19.100 4.900l-1.400 1.400M6.300 17.700l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  speaker: "M4 9v6h4l5 4V5L8 9ZM16.500 8.500a5 5 0 0 1 0 7M19 6a8.500 8.500 0 0 1 0 12",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4.500v5M8 14.500v5",
  upload: "M12 16V4M6.500 9.500 12 4l5.500 5.500M4 20h16",
  download: "M12 4v12M6.500 10.500 12 16l5.500-5.500M4 20h16",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM20 20l-4-4",
  edit: "M4 20h4L19 9l-4-4L4 16Z",
  check: "M5 12.500 10 17.500 19 7",
  warn: "M12 4 2.500 20h19ZM12 10v4.500M12 17.500v.1",
};

/**
 * A small line drawing, invisible to screen readers.
 * @param {keyof typeof GLYPHS} name
 */
export function glyph(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", GLYPHS[name]);
  svg.append(path);
  return svg;
}
