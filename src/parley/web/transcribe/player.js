/** Hears the recording: one media element, a bar with its own controls, and who wants to know where it is. */
import { el, glyph } from "../dom.js";
import { clock } from "./times.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const JUMP_S = 5;
/** So long after the end of a task its recording may still be replaced by a compact copy. */
const SETTLING_MS = 3 * 60_000;

export class Player {
  /** Which of its forms the browser has begun to read. */
  #tag = "";
  #version = 0;
  #settled;
  /** Counts what was asked for last, so that a late answer starts nothing that was stopped meanwhile. */
  #wish = 0;

  /**
   * @param {import("../app.js").App} app
   * @param {string} address of the recording
   * @param {{duration: number | null, finishedAt: number}} known seconds, where the browser does not find out; when its task ended
   * @param {(time: number) => void} moved hears where it is, while it plays and after each jump
   */
  constructor(app, address, { duration, finishedAt }, moved) {
    this.app = app;
    this.address = address;
    this.duration = duration ?? 0;
    this.#settled = finishedAt + SETTLING_MS;
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
    this.#listen();
    this.draw();
    void this.#open();
  }

  /** Read the recording as it is now; `at` is where to go on. @param {number} [at] */
  async #open(at = 0) {
    this.#tag = await this.#tagNow();
    // A browser that read the beginning of one form must not read the rest of another.
    this.media.src = this.#version ? `${this.address}?copy=${this.#version}` : this.address;
    this.#version += 1;
    if (at) this.media.currentTime = at;
  }

  async #tagNow() {
    try {
      return (await this.app.fetch(this.address, { method: "HEAD" })).headers.get("ETag") ?? "";
    } catch {
      return this.#tag;
    }
  }

  /** See to it that the recording is still the one that is being read; soon after the end of its task it may not be. */
  async #refresh() {
    if (this.#version && Date.now() > this.#settled) return;
    const tag = await this.#tagNow();
    if (this.#version && tag === this.#tag) return;
    await this.#open(this.time);
  }

  #listen() {
    const { media } = this;
    media.addEventListener("loadedmetadata", () => {
      if (Number.isFinite(media.duration)) this.duration = media.duration;
      media.hidden = !media.videoWidth;
      this.draw();
    });
    for (const event of ["play", "pause", "ended"]) media.addEventListener(event, () => this.draw());
    for (const event of ["timeupdate", "seeked"]) media.addEventListener(event, () => this.#tell());
    media.addEventListener("error", () => void this.#failed());
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

  /** It may have been replaced under our hands; then it goes on with what is there now. */
  async #failed() {
    if (!this.media.getAttribute("src")) return;
    const before = this.#version;
    const { time, isPlaying } = this;
    if ((await this.#tagNow()) === this.#tag || before > 3) {
      this.#fail();
      return;
    }
    await this.#open(time);
    if (isPlaying) void this.play();
  }

  #fail() {
    this.trouble.textContent = this.app.t("transcribe.player.cannot");
    this.trouble.hidden = false;
    this.bar.hidden = true;
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else void this.play();
  }

  pause() {
    this.#wish += 1;
    this.media.pause();
  }

  /** Play on, or from a time. @param {number} [from] */
  async play(from) {
    const wish = (this.#wish += 1);
    try {
      // Later a click has to start it at once, or some browsers keep silent.
      if (Date.now() <= this.#settled) await this.#refresh();
      if (wish !== this.#wish) return;
      if (from !== undefined) this.go(from);
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

  close() {
    this.pause();
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
