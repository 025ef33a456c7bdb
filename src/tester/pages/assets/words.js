const HOURS = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Formats the time of day, in minutes. */
export function clock(at) {
  return HOURS.format(new Date(at));
}

/** Formats the time in seconds, after the day when it is not today. */
export function date(at) {
  const then = new Date(at);
  const time = SECONDS.format(then);
  return DAY.format(then) === DAY.format(new Date()) ? time : `${DAY.format(then)}, ${time}`;
}

/** Formats the day and the time in milliseconds. */
export function precise(at) {
  const milliseconds = String(new Date(at).getMilliseconds()).padStart(3, "0");
  return `${date(at)}.${milliseconds}`;
}

/** Formats the time between two moments, in seconds. */
export function between(from, to) {
  return `${((new Date(to) - new Date(from)) / 1_000).toFixed(3)} s`;
}

/** Formats a number with its noun. */
export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
