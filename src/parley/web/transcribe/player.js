/** Hears the recording: one media element, a bar with its own controls, and who wants to know where it is. */
import { el, glyph } from "../dom.js";
import { clock } from "./times.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const JUMP_S = 5;

export class Player {
  #wasPlaying = false;

  /**
   * @param {import("../app.js").App} app
   * @param {string} address of the recording
   * @param {number | null} duration seconds, where the browser does not find out
   * @param {(time: number) => void} moved hears where it is, while it plays and after each jump
   */
  constructor(app, address, duration, moved) {
    this.app = app;
    this.duration = duration ?? 0;
    this.moved = moved;
    /** A video element plays sound as well; it is shown where there is a picture. */
    this.media = el("video", { preload: "metadata", playsInline: true, hidden: true, tabIndex: -1, "aria-hidden": "true" });
    this.button = el("button", { type: "button", className: "primary icon play", onclick: () => this.toggle() });
    this.place = el("input", { type: "range", min: "0", max: String(this.duration), step: "0.1", value: "0", className: "place", tLabel: "transcribe.player.place", oninput: () => this.go(Number(this.place.value)) });
    this.clock = el("span", { className: "number small clock" });
    this.speed = el("select", { tLabel: "transcribe.player.speed", className: "speed", onchange: () => void (this.media.playbackRate = Number(this.speed.value)) });
    this.speed.append(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed), speed === 1, speed === 1)));
    this.bar = el("div", { className: "player", role: "group", tLabel: "transcribe.player" }, this.button, this.place, this.clock, this.speed);
    this.trouble = el("p", { className: "callout small", hidden: true });
    this.element = el("div", { className: "playing" }, this.media, this.trouble, this.bar);
    this.#listen(address);
    this.draw();
  }

  /** @param {string} address */
  #listen(address) {
    const { media } = this;
    media.addEventListener("loadedmetadata", () => {
      if (Number.isFinite(media.duration)) this.duration = media.duration;
      media.hidden = !media.videoWidth;
      this.draw();
    });
    for (const event of ["play", "pause", "ended"]) media.addEventListener(event, () => this.draw());
    for (const event of ["timeupdate", "seeked"]) media.addEventListener(event, () => this.#tell());
    media.addEventListener("error", () => this.#fail());
    media.src = address;
  }

  get time() {
    return this.media.currentTime;
  }

  get isPlaying() {
    return !this.media.paused && !this.media.ended;
  }

  #tell() {
    this.place.value = String(this.time);
    this.#drawClock();
    this.moved(this.time);
  }

  #fail() {
    this.trouble.textContent = this.app.t("transcribe.player.cannot");
    this.trouble.hidden = false;
    this.bar.hidden = true;
  }

  toggle() {
    if (this.isPlaying) this.media.pause();
    else void this.play();
  }

  /** Play on, or from a time. @param {number} [from] */
  async play(from) {
    if (from !== undefined) this.go(from);
    try {
      await this.media.play();
    } catch (error) {
      // A pause right behind it is no trouble.
      if (/** @type {Error} */ (error).name === "NotSupportedError") this.#fail();
    }
  }

  /** @param {number} time */
  go(time) {
    this.media.currentTime = Math.min(Math.max(0, time), this.duration || Infinity);
  }

  /** @param {1 | -1} direction */
  jump(direction) {
    this.go(this.time + direction * JUMP_S);
  }

  /** Silence while somebody looks elsewhere. */
  hide() {
    this.#wasPlaying = this.isPlaying;
    if (this.#wasPlaying) this.media.pause();
  }

  close() {
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }

  draw() {
    const playing = this.isPlaying;
    const text = this.app.t(playing ? "transcribe.player.pause" : "transcribe.play");
    this.button.replaceChildren(glyph(playing ? "pause" : "play"));
    this.button.setAttribute("aria-label", text);
    this.button.title = text;
    this.place.max = String(this.duration || 0);
    this.#drawClock();
  }

  #drawClock() {
    const text = `${clock(this.time)} / ${clock(this.duration)}`;
    if (this.clock.textContent !== text) this.clock.textContent = text;
    this.place.setAttribute("aria-valuetext", text);
  }
}
