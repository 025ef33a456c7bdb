/** Number of line ids that are remembered, to drop lines that come twice. */
const REMEMBERED = 2_000;

/** Position in the server's lines: the id of the last one, and those that have come already. */
export class Inbox {
  #store;
  #seen = new Set();

  constructor(store) {
    this.#store = store;
  }

  /** Id of the last line, or `undefined`. */
  get last() {
    return this.#store.get("last");
  }

  /** Reports whether a line is new. A line without an id always is. */
  isNew(id) {
    return id === undefined || (id !== this.last && !this.#seen.has(id));
  }

  /** Notes that a line has been shown, or that all lines up to an id were for others. */
  advance(id) {
    if (id === undefined) return;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value);
    this.#store.set("last", id);
  }

  clear() {
    this.#seen.clear();
    this.#store.remove("last");
  }
}
