import { makeBubble, showState } from "./bubble.js";
import { make } from "./dom.js";
import { date } from "./words.js";

/** The messages of two phones side by side, in the order of time: the newest below. */
export class Pair {
  #element;
  #phones;
  #numbers = [];
  #bubbles = new Map();

  constructor(element, phones) {
    this.#element = element;
    this.#phones = phones;
  }

  /** Shows the messages of two numbers, or nothing without numbers. Returns how many there are. */
  show(numbers, messages) {
    this.#numbers = numbers;
    this.#bubbles.clear();
    const heads = numbers.map((number) => this.#own(make("p", { className: "who" }, number), number));
    const shown = messages.filter(({ number }) => numbers.includes(number));
    this.#element.replaceChildren(...heads, ...shown.map((message) => this.#bubble(message)));
    this.#element.hidden = shown.length === 0;
    const scroller = this.#element.parentElement;
    if (!this.#element.hidden) scroller.scrollTop = scroller.scrollHeight;
    return shown.length;
  }

  /** Shows the present states of messages. */
  update(messages) {
    for (const message of messages) {
      const bubble = this.#bubbles.get(message);
      if (bubble) showState(bubble, message);
    }
  }

  #bubble(message) {
    const bubble = makeBubble(message);
    bubble.at.textContent = date(message.at);
    this.#bubbles.set(message, bubble);
    return this.#own(bubble.element, message.number);
  }

  /** Puts an element into the column and the colour of a number. */
  #own(element, number) {
    element.dataset.hue = this.#phones.hue(number);
    element.dataset.side = this.#numbers.indexOf(number);
    return element;
  }
}
