const NONE = "–";
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const MINUTES = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Formats a whole number. */
export const number = (value) => (isNumber(value) ? WHOLE.format(value) : NONE);

/** Formats a number with its noun. */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** Formats a number of events in a second. */
export function rate(value) {
  if (!isNumber(value)) return NONE;
  return `${(value < 100 ? ONE : WHOLE).format(Math.max(0, value))}/s`;
}

const LONG = [[86_400, "d", 3_600, "h"], [3_600, "h", 60, "min"], [60, "min", 1, "s"]];

/** Formats a duration in seconds, in one or two units. */
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 0.001) return seconds <= 0 ? "0 s" : `${ONE.format(seconds * 1_000)} ms`;
  if (seconds < 1) return `${(seconds < 0.01 ? ONE : WHOLE).format(seconds * 1_000)} ms`;
  if (seconds < 60) return `${(seconds < 10 ? ONE : WHOLE).format(seconds)} s`;
  const [unit, name, next, nextName] = LONG.find(([least]) => seconds >= least);
  const rest = Math.floor((seconds % unit) / next);
  return `${Math.floor(seconds / unit)} ${name}${rest ? ` ${rest} ${nextName}` : ""}`;
}

/** Formats a bound of a latency. One without a bound, of durations that were counted, is beyond the last. */
export function bound(latency, share) {
  if (!latency?.count) return NONE;
  return isNumber(latency[share]) ? duration(latency[share]) : "> 5 min";
}

/** Formats a size in bytes. */
export function bytes(size) {
  if (!isNumber(size)) return NONE;
  return size < 1e9 ? `${WHOLE.format(size / 1e6)} MB` : `${ONE.format(size / 1e9)} GB`;
}

/** Formats a time in seconds, after the day when that is not today. */
export function time(at) {
  const then = new Date(at);
  if (at === null || at === undefined || Number.isNaN(then.getTime())) return NONE;
  const shown = CLOCK.format(then);
  return DAY.format(then) === DAY.format(new Date()) ? shown : `${DAY.format(then)}, ${shown}`;
}

/** Formats a time of day in minutes. */
export const minutes = (at) => MINUTES.format(new Date(at));

/** Returns the seconds between two times, or null when one is missing. */
export function secondsBetween(from, to) {
  const seconds = (new Date(to) - new Date(from)) / 1_000;
  return from && to && Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** Returns a sum of those values that are numbers. */
export const sum = (values) => values.filter(isNumber).reduce((total, value) => total + value, 0);

/** Returns the greatest of those values that are numbers, or null. */
export function greatest(values) {
  const found = values.filter(isNumber);
  return found.length ? Math.max(...found) : null;
}

/** Parses a duration such as `90s`, `15m`, `12h` or `7d`, and returns seconds, or null. */
export function seconds(text) {
  const found = /^\s*(\d+)\s*(s|m|min|h|d)\s*$/.exec(text);
  return found ? Number(found[1]) * { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 }[found[2]] : null;
}

/** Makes a text a sentence, with a capital letter and a full stop. */
export const sentence = (text) => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Returns the name of a queue as people read it. */
export const queueName = (queue) => (queue === "outbox" ? "outgoing" : queue === "inbound" ? "incoming" : queue);
