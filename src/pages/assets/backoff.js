/** Upper bound of the first delay, and of every delay, in milliseconds. */
const FIRST = 1_000;
const LONGEST = 20_000;

/**
 * Returns the delay before an attempt to reconnect, in milliseconds: exponential with full jitter,
 * so that the clients of a stopped server do not come back all at once.
 */
export function backoff(attempt, random = Math.random) {
  return random() * Math.min(LONGEST, FIRST * 2 ** attempt);
}
