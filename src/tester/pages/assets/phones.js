import { write } from "./address.js";
import { Card } from "./card.js";
import { make } from "./dom.js";
import { random } from "./numbers.js";

const HUES = 6;

/** All phones of the page, in the order of its address. Tells of every `change` of who is here. */
export class Phones extends EventTarget {
  #cards = [];
  #section = document.getElementById("phones");
  #choices = document.getElementById("numbers");

  /** `topic` answers the chosen one. */
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

  get numbers() {
    return this.#cards.map((card) => card.phone);
  }

  /** A phone with this number, or with one that nobody here has. */
  add(phone = random(this.numbers)) {
    const card = new Card(phone, this);
    this.#cards.push(card);
    this.#section.append(card.element);
    this.renamed();
    return card;
  }

  remove(card) {
    const at = this.#cards.indexOf(card);
    this.#cards.splice(at, 1);
    card.element.remove();
    this.renamed();
    const next = this.#cards[at] ?? this.#cards.at(-1);
    if (next) next.composer.focus();
    else document.getElementById("add-phone").focus();
  }

  mayTake(phone, by) {
    return this.#cards.every((card) => card === by || card.phone !== phone);
  }

  /** Another topic is chosen. */
  refresh() {
    for (const card of this.#cards) card.refresh();
    this.renamed();
  }

  renamed() {
    for (const [at, card] of this.#cards.entries()) card.colour(at % HUES);
    write(this.numbers, this.topic().name);
    this.#choices.replaceChildren(...this.numbers.map((value) => make("option", { value })));
    this.dispatchEvent(new Event("change"));
  }

  /** Which colour a number has on this page; none when it is not here. */
  hue(phone) {
    const at = this.numbers.indexOf(phone);
    return at < 0 ? "" : at % HUES;
  }
}
