import { post } from "./api.js";
import { PROGRAM, copy, fill, make, parts } from "./dom.js";
import { showError, showNotice } from "./notices.js";
import { count, date } from "./words.js";

const DIRECTIONS = {
  in: { sign: ">>", word: "Incoming: ", title: `Incoming (You sent this message to ${PROGRAM})` },
  out: {
    sign: "<<",
    word: "Outgoing: ",
    title: `Outgoing (You received this message from ${PROGRAM})`,
  },
};

/** The table of all messages of all phones, newest first. */
export class Log {
  #parts = parts(document.getElementById("log"));
  #rows = new Map();
  #board;
  #phones;
  #showsTopics;

  /** Rows show their topic when there are several. */
  constructor(board, phones, topics) {
    this.#board = board;
    this.#phones = phones;
    this.#showsTopics = topics.length > 1;
    const { filter, clear, clearAll } = this.#parts;
    board.addEventListener("change", ({ detail }) => this.#change(detail));
    phones.addEventListener("change", () => this.#updateColours());
    filter.addEventListener("change", () => this.#updateFilter());
    clear.addEventListener("click", () => this.#clear(filter.value));
    clearAll.addEventListener("click", () => this.#clear(""));
    this.#updateChoices();
    this.#updateFilter();
  }

  #change({ fresh, added, changed, removed }) {
    if (fresh) {
      this.#rows.clear();
      this.#parts.rows.replaceChildren();
      added = this.#board.messages.values();
    }
    for (const message of removed) {
      this.#rows.get(message)?.element.remove();
      this.#rows.delete(message);
    }
    for (const message of changed) {
      const row = this.#rows.get(message);
      if (row) showState(row, message);
    }
    const rows = [...added].map((message) => this.#row(message));
    this.#parts.rows.prepend(...rows.reverse());
    this.#updateChoices();
    this.#updateFilter();
  }

  #row(message) {
    const row = copy("row");
    this.#rows.set(message, row);
    const direction = DIRECTIONS[message.kind];
    row.element.className = message.kind;
    row.element.title = direction.title;
    row.element.dataset.hue = this.#phones.hue(message.number);
    row.sign.textContent = direction.sign;
    row.direction.textContent = direction.word;
    row.number.textContent = message.number;
    fill(row.topic, this.#showsTopics ? message.topic : "");
    row.text.textContent = message.text;
    const pictures = message.media.length;
    fill(row.media, pictures > 0 ? count(pictures, "picture", "pictures") : "");
    row.at.dateTime = message.at;
    row.at.textContent = date(message.at);
    showState(row, message);
    return row.element;
  }

  /** Offers all numbers with a message, and those of the page's phones. */
  #updateChoices() {
    const numbers = new Set(this.#phones.numbers);
    for (const message of this.#board.messages.values()) numbers.add(message.number);
    const { filter } = this.#parts;
    const chosen = filter.value;
    const known = [...filter.options].slice(1).map(({ value }) => value);
    if (filter.options.length > 0 && known.join() === [...numbers].join()) return;
    const options = [...numbers].map((value) => make("option", { value }, value));
    filter.replaceChildren(make("option", { value: "" }, "All phones"), ...options);
    filter.value = numbers.has(chosen) ? chosen : "";
  }

  #updateFilter() {
    const { filter, clear, clearAll, table, empty } = this.#parts;
    let shown = 0;
    for (const [message, row] of this.#rows) {
      row.element.hidden = filter.value !== "" && message.number !== filter.value;
      if (!row.element.hidden) shown += 1;
    }
    table.hidden = shown === 0;
    empty.hidden = shown > 0;
    clear.disabled = filter.value === "" || shown === 0;
    clear.title = filter.value === "" ? "Choose a phone to clear its messages" : "";
    clearAll.disabled = this.#rows.size === 0;
  }

  #updateColours() {
    for (const [message, row] of this.#rows) {
      row.element.dataset.hue = this.#phones.hue(message.number);
    }
    this.#updateChoices();
    this.#updateFilter();
  }

  async #clear(number) {
    try {
      await post("/tester/clear", number === "" ? {} : { number });
      showNotice(number === "" ? "Cleared all messages" : `Cleared ${number} messages`);
    } catch (error) {
      showError(error);
    }
  }
}

function showState({ element, state, reason }, message) {
  element.dataset.state = message.state;
  state.textContent = message.state;
  fill(reason, message.reason);
}
