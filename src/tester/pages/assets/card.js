import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { copy, fillMark } from "./dom.js";
import { setUpFaultMenu } from "./faults.js";
import { showNotice } from "./notices.js";
import { INVALID_NUMBER, parseNumber } from "./numbers.js";

/** A phone: its number, its conversation, and its composer. */
export class Card {
  #parts;
  #page;
  #conversation;
  #showFault;
  /** Messages that came while the phone was not in use. */
  #unread = new Set();

  /** `page` is the list of phones, with the board and the chosen topic. */
  constructor(phone, page) {
    this.phone = phone;
    this.#page = page;
    this.#parts = copy("card");
    this.element = this.#parts.element;
    const line = { board: page.board, number: () => this.phone, topic: () => page.topic().name };
    this.#conversation = new Conversation(this.#parts, () => this.#see());
    this.composer = new Composer(this.element, this.#parts, line);
    this.#showFault = setUpFaultMenu(this.#parts, line);
    this.#listen();
    this.#showNumber();
    this.refresh();
  }

  /** Number of messages that came while the phone was not in use. */
  get unread() {
    return this.#unread.size;
  }

  /** Shows everything anew: after a change of topic or number, or a replay of the board. */
  refresh() {
    const { commands } = this.#page.topic();
    this.composer.showCommands(commands);
    this.#showHint(commands[0]);
    const ours = [...this.#page.board.messages.values()].filter(this.#isOurs);
    this.#conversation.replace(ours);
    this.#markUnread(new Set(ours.filter((message) => this.#unread.has(message))));
    this.#showFault();
  }

  /** Suggests a command to a phone without messages. */
  #showHint(command) {
    const { hint, example, purpose } = this.#parts;
    hint.classList.toggle("unseen", command === undefined);
    example.textContent = command?.text ?? "";
    purpose.textContent = command?.help ? `: ${command.help}` : "";
  }

  /** Shows a change of the board. */
  change({ fresh, added, changed, removed }) {
    if (fresh) return this.refresh();
    const ours = [added, changed, removed].map((messages) => [...messages].filter(this.#isOurs));
    this.#conversation.change({ added: ours[0], changed: ours[1], removed: ours[2] });
    const unread = new Set(this.#unread);
    for (const message of ours[0]) if (message.kind === "out") unread.add(message);
    for (const message of ours[2]) unread.delete(message);
    this.#markUnread(this.#isWatched() ? new Set() : unread);
    this.#showFault();
  }

  /** Gives the phone another number. */
  renumber(phone) {
    this.phone = phone;
    this.#unread.clear();
    this.refresh();
    this.#showNumber();
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
      if (event.key === "Enter") {
        // The key would be typed into the message, which has the focus from here on.
        event.preventDefault();
        this.composer.focus();
      }
      if (event.key === "Escape") input.value = this.phone;
    });
    remove.addEventListener("click", () => this.#page.remove(this));
    for (const look of ["focusin", "pointerdown"]) {
      this.element.addEventListener(look, () => this.#see());
    }
    document.addEventListener("visibilitychange", () => this.#isWatched() && this.#see());
  }

  /** Reports that the user is at this phone, and sees its newest message. */
  #isWatched() {
    const isHere = this.element.contains(document.activeElement) && document.hasFocus();
    return isHere && !document.hidden && this.#conversation.isAtEnd;
  }

  #see() {
    if (this.#conversation.isAtEnd) this.#markUnread(new Set());
  }

  #markUnread(unread) {
    const { new: mark } = this.#parts;
    const isSame = unread.size === this.#unread.size;
    this.#unread = unread;
    this.#conversation.mark(unread);
    fillMark(mark, unread.size);
    if (!isSame) this.#page.showUnread();
  }

  #rename(typed) {
    const renamed = parseNumber(typed);
    if (renamed === null) showNotice(INVALID_NUMBER, { isError: true });
    else if (!this.#page.isFree(renamed, this)) {
      showNotice("This phone is here already", { isError: true });
    } else if (renamed !== this.phone) {
      this.renumber(renamed);
      this.#page.update();
    }
    this.#showNumber();
  }

  #showNumber() {
    const { element, number: input, conversation, remove } = this.#parts;
    input.value = this.phone;
    input.title = this.phone;
    element.setAttribute("aria-label", `Phone ${this.phone}`);
    conversation.setAttribute("aria-label", `Messages of ${this.phone}`);
    remove.setAttribute("aria-label", `Remove ${this.phone}`);
  }
}
