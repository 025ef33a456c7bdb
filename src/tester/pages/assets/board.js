/** More than anybody reads, and as much as a page shows at once without a hitch. */
const KEPT = 500;

/** Views are told in batches: a file of a thousand messages makes them draw a few times. */
const PAUSE = 16;

/**
 * What everybody sent and received, oldest first, by direction and id: a record that comes again
 * says what has become of its message since. Tells of every `change`.
 */
export class Board extends EventTarget {
  messages = new Map();
  /** What is in force, by number; everybody's stands under the empty one. */
  troubles = new Map();
  #change = null;
  #replaying = false;

  /** Everything is about to be told again. */
  reset() {
    this.messages.clear();
    this.troubles.clear();
    this.#replaying = true;
    this.#note().fresh = true;
  }

  /** Everything that there was has been told, with what is in force. */
  ready(injected) {
    for (const one of injected) this.#injected(one);
    this.#replaying = false;
    this.#note();
  }

  take(record) {
    if (record.kind === "cleared") this.#clear(record.number);
    else if (record.kind === "in" || record.kind === "out") this.#put(record);
  }

  inject(injected) {
    this.#injected(injected);
    this.#note();
  }

  /** What happens to messages for this number. */
  troubleOf(number) {
    const own = this.troubles.get(number) ?? "none";
    return own === "none" ? (this.troubles.get("") ?? "none") : own;
  }

  /** The last message that this phone sent. */
  lastOf(number, topic) {
    const own = (message) =>
      message.kind === "in" && message.number === number && message.topic === topic;
    return [...this.messages.values()].findLast(own);
  }

  #injected({ number, trouble }) {
    this.troubles.set(number ?? "", trouble);
  }

  #put(record) {
    const key = `${record.kind} ${record.id}`;
    const known = this.messages.get(key);
    const change = this.#note();
    if (known) {
      known.state = record.state;
      known.reason = record.reason;
      change.changed.add(known);
      return;
    }
    const message = { media: [], ...record };
    this.messages.set(key, message);
    change.added.add(message);
    if (this.messages.size > KEPT) {
      const [oldest, forgotten] = this.messages.entries().next().value;
      this.#forget(oldest, forgotten);
    }
  }

  #clear(number) {
    for (const [key, message] of this.messages) {
      if (number === undefined || message.number === number) this.#forget(key, message);
    }
  }

  #forget(key, message) {
    const change = this.#note();
    this.messages.delete(key);
    if (!change.added.delete(message)) change.removed.add(message);
    change.changed.delete(message);
  }

  /** What the views will be told next. */
  #note() {
    if (this.#change === null) {
      this.#change = { fresh: false, added: new Set(), changed: new Set(), removed: new Set() };
    }
    if (!this.#replaying && !this.#change.due) {
      this.#change.due = true;
      setTimeout(() => this.#tell(), PAUSE);
    }
    return this.#change;
  }

  #tell() {
    const change = this.#change;
    // A reset that came meanwhile is told of when it is through.
    if (this.#replaying) {
      change.due = false;
      return;
    }
    this.#change = null;
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }
}
