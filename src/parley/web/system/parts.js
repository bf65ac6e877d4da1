/** The cards of the System view, each from its part of /v1/system. */
import { el, glyph } from "../dom.js";
import { has, language, t } from "../i18n.js";
import { lasting, moment, size } from "../transcribe/times.js";

/**
 * @typedef {import("../transcribe/choosing.js").Profile & {engines: {role: string, name: string, devices: string[]}[], streaming: string | null}} Profile
 * @typedef {{name: string, title: string, cores: number | null, memory_mib: number | null, held_mib: number, engines: string[]}} Device
 * @typedef {{pool: string, pid: number | null, state: string, engines: string[], devices: string[], rss_mib: number}} Worker
 * @typedef {{at: string, code: string, message: string, where: string, times: number}} Trouble
 * @typedef {object} System as /v1/system has it
 * @property {string} version
 * @property {boolean} ready
 * @property {string[]} reasons
 * @property {number} uptime_s
 * @property {Profile[]} profiles
 * @property {Device[]} devices
 * @property {string[]} notices
 * @property {Worker[]} workers
 * @property {{waiting: number, running: number, most_waiting: number, oldest_waiting_s: number, ended: Record<string, number>}} queue
 * @property {Record<string, number>} sessions
 * @property {Record<string, number>} figures
 * @property {Trouble[]} recent_errors
 */

const MIB = 1024 * 1024;
const TONES = /** @type {Record<string, string>} */ ({ ready: "good", broken: "bad", not_installed: "", busy: "accent", lost: "bad", starting: "warn" });

/**
 * The command in a sentence such as "It is not installed; run: parley pull glm-asr, then start the server again."
 * @param {string | null} reason
 */
export function commandIn(reason) {
  return /\bparley (?:pull|models|env|install)[^,.;]*/.exec(reason ?? "")?.[0].trim() ?? "";
}

/** @param {number} mib */
const mebi = (mib) => size(mib * MIB);

/**
 * @param {System} system
 * @param {(command: string) => void} copy
 */
export function profiles(system, copy) {
  const order = { ready: 0, broken: 1, not_installed: 2 };
  const sorted = [...system.profiles].sort((a, b) => Number(b.default) - Number(a.default) || order[a.state] - order[b.state]);
  const here = sorted.filter((each) => each.state !== "not_installed");
  const others = sorted.filter((each) => each.state === "not_installed");
  return [
    el("ul", { className: "list" }, ...here.map((each) => profile(each, copy))),
    others.length > 0 && el("details", { "data-keep": "profiles" }, el("summary", {}, t("system.more", { n: others.length })), el("ul", { className: "list" }, ...others.map((each) => profile(each, copy)))),
  ];
}

/**
 * @param {Profile} profile
 * @param {(command: string) => void} copy
 */
function profile(profile, copy) {
  const names = new Intl.DisplayNames([language() === "zh" ? "zh-Hans" : "en"], { type: "language" });
  const languages = profile.languages?.map((code) => names.of(code) ?? code).join(", ") ?? t("system.languages.any");
  const facts = [languages, ...profile.capabilities, profile.streaming ? t("system.streams") : ""].filter(Boolean);
  const command = commandIn(profile.reason);
  return el(
    "li", { className: "profile" },
    el("div", { className: "row" }, el("strong", {}, profile.name), pill(t(`system.state.${profile.state}`), TONES[profile.state]), profile.default && pill(t("system.default"), "accent")),
    el("p", { className: "small soft" }, facts.join(" · ")),
    command ? commandLine(command, copy) : profile.reason && el("p", { className: "small bad" }, profile.reason),
  );
}

/**
 * @param {string} command
 * @param {(command: string) => void} copy
 */
function commandLine(command, copy) {
  const button = el("button", { type: "button", className: "command mono", "aria-label": t("system.copy", { command }), onclick: () => copy(command) }, command);
  button.title = t("system.copy", { command });
  return el("p", { className: "small row" }, el("span", { className: "soft" }, t("system.run")), button);
}

/** @param {System} system */
export function devices({ devices: all, notices }) {
  const rows = all.map((device) => {
    const facts = [
      device.cores && t("system.cores", { n: device.cores }), device.memory_mib && t("system.memory", { size: mebi(device.memory_mib) }),
      device.held_mib ? t("system.held", { size: mebi(device.held_mib) }) : "",
    ].filter(Boolean);
    return el(
      "li", {}, el("div", { className: "row" }, el("strong", {}, device.title), pill(device.name)),
      el("p", { className: "small soft number" }, facts.join(" · ")), el("p", { className: "small" }, device.engines.join(", ") || el("span", { className: "soft" }, t("system.idle"))),
    );
  });
  return [el("ul", { className: "list" }, ...rows), ...notices.map((notice) => el("p", { className: "callout warn small" }, notice))];
}

/** @param {System} system */
export function workers({ workers: all }) {
  if (!all.length) return [el("p", { className: "soft" }, t("system.workers.none"))];
  const titles = ["system.pool", "system.state", "system.engines", "system.where", "system.rss"];
  const head = el("thead", {}, el("tr", {}, ...titles.map((key) => el("th", { scope: "col" }, t(key)))));
  const rows = all.map((worker) =>
    el(
      "tr", {}, el("td", {}, el("strong", {}, worker.pool), el("span", { className: "soft small number" }, worker.pid ? ` ${worker.pid}` : "")),
      el("td", {}, pill(t(`system.worker.${worker.state}`), TONES[worker.state])), el("td", { className: "small" }, worker.engines.join(", ") || "–"),
      el("td", { className: "small" }, worker.devices.join(", ") || "–"), el("td", { className: "small number" }, worker.rss_mib ? mebi(worker.rss_mib) : "–"),
    ),
  );
  return [el("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": t("system.workers") }, el("table", {}, head, el("tbody", {}, ...rows)))];
}

/** @param {System} system */
export function numbers({ queue, sessions }) {
  const under = queue.waiting ? t("system.oldest", { time: lasting(queue.oldest_waiting_s, language()) }) : t("system.waiting.of", { n: queue.most_waiting });
  const now = [tile("system.waiting", queue.waiting, under), ...["recordings", "live", "conversations", "speaking", "connections"].map((name) => tile(`system.${name}`, sessions[name] ?? 0))];
  const ended = ["completed", "failed", "cancelled", "timed_out"].map((name) => tile(`system.${name}`, queue.ended[name] ?? 0));
  return [el("dl", { className: "tiles" }, ...now), el("h3", { className: "soft small" }, t("system.since")), el("dl", { className: "tiles" }, ...ended)];
}

/**
 * @param {string} key
 * @param {number} value
 * @param {string} [under]
 */
function tile(key, value, under) {
  return el("div", { className: value ? "tile some" : "tile" }, el("dt", {}, t(key)), el("dd", { className: "number" }, String(value)), under && el("dd", { className: "small soft" }, under));
}

/** Those that are shown nowhere else. @param {System} system */
export function figures({ figures: all }) {
  const shown = Object.entries(all).filter(([name]) => has(`system.figure.${name}`));
  return [el("table", {}, el("tbody", {}, ...shown.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, t(`system.figure.${name}`)), el("td", { className: "number" }, value.toLocaleString(undefined, { maximumFractionDigits: 1 }))))))];
}

/** @param {System} system */
export function troubles({ recent_errors: all }) {
  if (!all.length) return [el("p", { className: "soft row" }, glyph("check"), t("system.errors.none"))];
  const rows = all.map((trouble) => {
    const part = has(`system.part.${trouble.where}`) ? t(`system.part.${trouble.where}`) : trouble.where;
    const times = trouble.times > 1 ? ` · ${t("system.times", { n: trouble.times })}` : "";
    return el("li", {}, el("p", {}, trouble.message), el("p", { className: "small soft number" }, `${moment(trouble.at, language())} · ${part}${times} `, pill(trouble.code)));
  });
  return [el("ul", { className: "list" }, ...rows)];
}

/**
 * @param {string} text
 * @param {string} [tone]
 */
function pill(text, tone = "") {
  return el("span", { className: `pill ${tone}` }, text);
}
