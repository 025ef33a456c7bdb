import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { copy } from "./dom.js";
import { say } from "./notices.js";
import { NOT_A_NUMBER, number } from "./numbers.js";
import { trouble } from "./trouble.js";

/** A phone: its number, what it sent and received, and where it writes. */
export class Card {
  #parts;
  #page;
  #conversation;
  #showTrouble;

  /** `page` has the board, the topic, and says whether a number may be taken. */
  constructor(phone, page) {
    this.phone = phone;
    this.#page = page;
    this.#parts = copy("card");
    this.element = this.#parts.element;
    const line = { board: page.board, number: () => this.phone, topic: () => page.topic().name };
    this.#conversation = new Conversation(this.#parts.conversation, this.#parts.hint);
    this.composer = new Composer(this.element, this.#parts, line);
    this.#showTrouble = trouble(this.#parts, line);
    this.#listen();
    this.#name();
    this.refresh();
  }

  /** Everything anew, for another topic or number, or when all was told again. */
  refresh() {
    const { handler } = this.#page.topic();
    this.composer.offer(handler);
    this.#parts.hint.classList.toggle("unseen", handler !== "roulette");
    this.#conversation.replace([...this.#page.board.messages.values()].filter(this.#isOurs));
    this.#showTrouble();
  }

  change({ fresh, added, changed, removed }) {
    if (fresh) return this.refresh();
    const ours = [added, changed, removed].map((messages) => [...messages].filter(this.#isOurs));
    this.#conversation.change({ added: ours[0], changed: ours[1], removed: ours[2] });
    this.#showTrouble();
  }

  colour(hue) {
    this.element.dataset.hue = hue;
  }

  #isOurs = (message) =>
    message.number === this.phone && message.topic === this.#page.topic().name;

  #listen() {
    const { number: input, remove } = this.#parts;
    input.addEventListener("change", () => this.#rename(input.value));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.composer.focus();
      if (event.key === "Escape") input.value = this.phone;
    });
    remove.addEventListener("click", () => this.#page.remove(this));
  }

  #rename(typed) {
    const renamed = number(typed);
    if (renamed === null) say(NOT_A_NUMBER, { wrong: true });
    else if (!this.#page.mayTake(renamed, this)) say("This phone is here already", { wrong: true });
    else if (renamed !== this.phone) {
      this.phone = renamed;
      this.refresh();
      this.#page.renamed();
    }
    this.#name();
  }

  #name() {
    const { element, number: input, conversation, remove } = this.#parts;
    input.value = this.phone;
    input.title = this.phone;
    element.setAttribute("aria-label", `Phone ${this.phone}`);
    conversation.setAttribute("aria-label", `Messages of ${this.phone}`);
    remove.setAttribute("aria-label", `Remove ${this.phone}`);
  }
}
