import { announce } from "./dom.js";

/** Times left at which the countdown changes its look and is announced, in seconds. */
const MARKS = [
  { seconds: 10, look: "last", text: "10 seconds left" },
  { seconds: 60, look: "soon", text: "1 minute left" },
];
/** Deviation from the server's clock that is left alone, in milliseconds. */
const TOLERANCE = 2_000;

/** Formats a time in seconds as `mm:ss`. */
export function minutes(seconds) {
  const rest = String(seconds % 60).padStart(2, "0");
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${rest}`;
}

/** Returns how far the server's clock is ahead of this device's, in milliseconds. */
async function serverOffset() {
  try {
    const asked = Date.now();
    const { headers } = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    // The header has whole seconds, cut off.
    const offset = Date.parse(headers.get("date")) + 500 - (asked + Date.now()) / 2;
    return Math.abs(offset) > TOLERANCE ? offset : 0;
  } catch {
    return 0;
  }
}

/** Countdown to the end of a room. */
export class Countdown {
  #element;
  #end = null;
  #offset = 0;
  #announced = null;
  #timer;

  constructor(element) {
    this.#element = element;
    serverOffset().then((offset) => {
      this.#offset = offset || 0;
      this.#show();
    });
  }

  /** Counts down to a time in milliseconds since 1970. */
  start(end) {
    if (end === this.#end) return;
    this.#end = end;
    this.#announced = null;
    this.#show();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#end = null;
    this.#element.hidden = true;
  }

  #show() {
    clearTimeout(this.#timer);
    if (this.#end === null) return;
    const left = Math.max(0, this.#end - Date.now() - this.#offset);
    const seconds = Math.ceil(left / 1_000);
    const mark = MARKS.find((known) => seconds <= known.seconds);
    this.#element.textContent = minutes(seconds);
    this.#element.dataset.look = mark?.look ?? "";
    this.#element.hidden = false;
    if (mark && mark !== this.#announced && seconds > 0) announce(mark.text);
    this.#announced = mark ?? null;
    if (left > 0) this.#timer = setTimeout(() => this.#show(), left % 1_000 || 1_000);
  }
}
