import { write } from "./address.js";
import { Card } from "./card.js";
import { make } from "./dom.js";
import { randomNumber } from "./numbers.js";

const HUES = 6;

/** All phones of the page, in the order of its address. Dispatches `change` with the list, and
 * `unread` with the marks of new messages. */
export class Phones extends EventTarget {
  #cards = [];
  #section = document.getElementById("phones");
  #choices = document.getElementById("numbers");

  /** `topic` returns the chosen topic. */
  constructor(board, topic) {
    super();
    this.board = board;
    this.topic = topic;
    board.addEventListener("change", ({ detail }) => {
      for (const card of this.#cards) card.change(detail);
    });
  }

  get first() {
    return this.#cards[0];
  }

  get cards() {
    return this.#cards;
  }

  get numbers() {
    return this.#cards.map((card) => card.phone);
  }

  /** Adds a phone with a number, by default a random one. */
  add(phone = randomNumber(this.numbers)) {
    const card = new Card(phone, this);
    this.#cards.push(card);
    this.#section.append(card.element);
    this.update();
    return card;
  }

  /** Gives every phone a new random number. */
  renew() {
    const taken = this.numbers;
    for (const card of this.#cards) {
      const phone = randomNumber(taken);
      taken.push(phone);
      card.renumber(phone);
    }
    this.update();
  }

  remove(card) {
    const at = this.#cards.indexOf(card);
    this.#cards.splice(at, 1);
    card.element.remove();
    this.update();
    const next = this.#cards[at] ?? this.#cards.at(-1);
    if (next) next.composer.focus();
    else document.getElementById("add-phone").focus();
  }

  /** Reports that no other card has a number. */
  isFree(phone, own) {
    return this.#cards.every((card) => card === own || card.phone !== phone);
  }

  /** Shows another topic. */
  refresh() {
    for (const card of this.#cards) card.refresh();
    this.update();
  }

  /** Shows a change of the list: in colours, address and choices. */
  update() {
    for (const [at, card] of this.#cards.entries()) card.colour(at % HUES);
    write(this.numbers, this.topic().name);
    this.#choices.replaceChildren(...this.numbers.map((value) => make("option", { value })));
    this.dispatchEvent(new Event("change"));
  }

  /** Reports that a phone has new messages, or no longer has any. */
  showUnread() {
    this.dispatchEvent(new Event("unread"));
  }

  /** Returns the colour of a number, or an empty string for one without a phone. */
  hue(phone) {
    const at = this.numbers.indexOf(phone);
    return at < 0 ? "" : at % HUES;
  }
}
