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

/** Formats a number with its noun. */
export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
