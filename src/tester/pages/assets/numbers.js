export const NOT_A_NUMBER = "Phone number must be all numeric";

/** A number as the server takes it, with or without plus and channel; nothing when it is none. */
export function number(typed) {
  const trimmed = typed.trim();
  return /^([a-z]+:)?\+?[0-9]+$/.test(trimmed) && trimmed.length <= 100 ? trimmed : null;
}

/** A number that is none of these. Nobody has a number with 555 in this place. */
export function random(taken) {
  for (;;) {
    const made = `+1415555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
    if (!taken.includes(made)) return made;
  }
}
