import { post } from "./api.js";
import { showState } from "./bubble.js";
import { openOnClick } from "./details.js";
import { PROGRAM, copy, fill, make, parts } from "./dom.js";
import { showError, showNotice } from "./notices.js";
import { Pair } from "./pair.js";
import { ask } from "./question.js";
import { count, date } from "./words.js";

const DIRECTIONS = {
  in: { sign: ">>", word: "From ", title: `Incoming (You sent this message to ${PROGRAM})` },
  out: {
    sign: "<<",
    word: "To ",
    title: `Outgoing (You received this message from ${PROGRAM})`,
  },
};

const CLEAR_ALL = {
  title: "Clear all messages?",
  text: "They are removed from every open page. Chats go on.",
  yes: "Clear all",
};

/** Numbers in the value of a choice, apart from each other. */
const AND = " ";

/** The table of all messages of all phones, newest first. */
export class Log {
  #parts = parts(document.getElementById("log"));
  #rows = new Map();
  #board;
  #phones;
  #showsTopics;
  #pair;

  /** Rows show their topic when there are several. */
  constructor(board, phones, topics) {
    this.#board = board;
    this.#phones = phones;
    this.#showsTopics = topics.length > 1;
    const { filter, clear, clearAll, pair } = this.#parts;
    this.#pair = new Pair(pair, phones);
    board.addEventListener("change", ({ detail }) => this.#change(detail));
    phones.addEventListener("change", () => this.#updateColours());
    filter.addEventListener("change", () => this.#updateFilter());
    clear.addEventListener("click", () => this.#clear(filter.value));
    clearAll.addEventListener("click", async () => {
      if (await ask(CLEAR_ALL)) this.#clear("");
    });
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
    this.#pair.update(changed);
    const rows = [...added].map((message) => this.#row(message));
    this.#parts.rows.prepend(...rows.reverse());
    this.#updateChoices();
    if (fresh || rows.length > 0 || removed.size > 0) this.#updateFilter();
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
    openOnClick(row.element, message);
    showState(row, message);
    return row.element;
  }

  /** Offers all numbers with a message, and those of the page's phones, which are also offered in pairs. */
  #updateChoices() {
    const numbers = new Set(this.#phones.numbers);
    for (const message of this.#board.messages.values()) numbers.add(message.number);
    const phones = this.#phones.numbers;
    const pairs = phones.flatMap((one, at) => phones.slice(at + 1).map((other) => [one, other]));
    const values = ["", ...numbers, ...pairs.map((pair) => pair.join(AND))];
    const { filter } = this.#parts;
    const chosen = filter.value;
    if (values.join() === [...filter.options].map(({ value }) => value).join()) return;
    const single = [...numbers].map((value) => make("option", { value }, value));
    const both = pairs.map((pair) => make("option", { value: pair.join(AND) }, pair.join(" and ")));
    filter.replaceChildren(make("option", { value: "" }, "All phones"), ...single);
    if (both.length > 0) filter.append(make("optgroup", { label: "Side by side" }, ...both));
    filter.value = values.includes(chosen) ? chosen : "";
  }

  #updateFilter() {
    const { filter, clear, clearAll, table, empty, order } = this.#parts;
    const chosen = filter.value.split(AND);
    const isPair = chosen.length > 1;
    let shown = this.#pair.show(isPair ? chosen : [], [...this.#board.messages.values()]);
    for (const [message, row] of this.#rows) {
      row.element.hidden = isPair || (filter.value !== "" && message.number !== filter.value);
      if (!row.element.hidden) shown += 1;
    }
    table.hidden = isPair || shown === 0;
    empty.hidden = shown > 0;
    order.textContent = isPair ? "newest last" : "newest first";
    const isOne = filter.value !== "" && !isPair;
    clear.disabled = !isOne || shown === 0;
    clear.title = isOne ? "" : "Choose a phone to clear its messages";
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
