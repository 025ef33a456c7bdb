import { isolated } from "./dom.js";

/** Time after which a sign of typing is out of date, in milliseconds. */
const LIFETIME = 5_000;

/** Line that says who is typing. */
export class Typing {
  #element;
  #timers = new Map();

  constructor(element) {
    this.#element = element;
  }

  start(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => this.stop(name), LIFETIME));
    this.#show();
  }

  stop(name) {
    clearTimeout(this.#timers.get(name));
    if (this.#timers.delete(name)) this.#show();
  }

  #show() {
    const [first, second, ...others] = [...this.#timers.keys()];
    const texts = [];
    if (others.length > 0) texts.push("Several people are typing…");
    else if (second !== undefined) {
      texts.push(isolated(first), " and ", isolated(second), " are typing…");
    } else if (first !== undefined) texts.push(isolated(first), " is typing…");
    this.#element.replaceChildren(...texts);
  }
}
