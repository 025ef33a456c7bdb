export const INVALID_NUMBER = "Phone number must be all numeric";

/** Parses a number with or without plus and channel, as the server does. Returns null for others. */
export function parseNumber(typed) {
  const trimmed = typed.trim();
  return /^([a-z]+:)?\+?[0-9]+$/.test(trimmed) && trimmed.length <= 100 ? trimmed : null;
}

/** Returns a random number that is not taken. Numbers with this 555 are fictitious. */
export function randomNumber(taken) {
  for (;;) {
    const number = `+1415555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
    if (!taken.includes(number)) return number;
  }
}
