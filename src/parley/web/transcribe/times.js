/** Times, sizes and dates for people. Pure. */

/**
 * Seconds as a clock: 1:05, 1:02:03; nothing known is –:––.
 * @param {number | null | undefined} seconds
 */
export function clock(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * How long something lasts, roughly: 45 s, 12 min, 3 h 20 min.
 * @param {number} seconds
 * @param {"en" | "zh"} language
 */
export function lasting(seconds, language) {
  const [s, min, h, d] = language === "zh" ? ["秒", "分钟", "小时", "天"] : ["s", "min", "h", "d"];
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${s}`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} ${min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} ${h} ${minutes % 60} ${min}` : `${hours} ${h}`;
  return `${Math.floor(hours / 24)} ${d} ${hours % 24} ${h}`;
}

/**
 * Bytes as people count them: 640 B, 12.3 MB.
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/**
 * A moment as people say it: the time of today, else the date with the time.
 * @param {string | number | Date} moment
 * @param {"en" | "zh"} language
 * @param {Date} now
 */
export function moment(moment, language, now = new Date()) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return "";
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  const time = date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  /** @type {Intl.DateTimeFormatOptions} */
  const wanted = { day: "numeric", month: "short" };
  if (date.getFullYear() !== now.getFullYear()) wanted.year = "numeric";
  return `${date.toLocaleDateString(locale, wanted)} ${time}`;
}
