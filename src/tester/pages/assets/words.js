const HOURS = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function clock(at) {
  return HOURS.format(new Date(at));
}

/** To the second, with the day in front of it when it is another one. */
export function date(at) {
  const then = new Date(at);
  const time = SECONDS.format(then);
  return DAY.format(then) === DAY.format(new Date()) ? time : `${DAY.format(then)}, ${time}`;
}

export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
