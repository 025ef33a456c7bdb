/** Maximum number of messages, which a browser still draws without a delay. */
const MAX_MESSAGES = 500;

/** Interval between `change` events, in milliseconds. It batches the updates of a sent file. */
const BATCH_INTERVAL = 16;

/**
 * All messages of all phones, oldest first, by direction and id. A later entry updates the state of
 * its message. Dispatches `change` events.
 */
export class Board extends EventTarget {
  messages = new Map();
  /** Active faults by number. The empty number stands for all numbers. */
  faults = new Map();
  #change = null;
  #replaying = false;

  /** Discards everything, before the server sends all entries again. */
  reset() {
    this.messages.clear();
    this.faults.clear();
    this.#replaying = true;
    this.#pendingChange().fresh = true;
  }

  /** Ends the replay of past entries, with the faults that are active. */
  ready(activeFaults) {
    for (const one of activeFaults) this.#setFault(one);
    this.#replaying = false;
    this.#pendingChange();
  }

  /** Adds an entry of the server's board. */
  add(entry) {
    if (entry.kind === "cleared") this.#clear(entry.number);
    else if (entry.kind === "in" || entry.kind === "out") this.#put(entry);
  }

  /** Applies an injected fault. */
  inject(injected) {
    this.#setFault(injected);
    this.#pendingChange();
  }

  /** Returns the fault that applies to messages for a number. */
  faultOf(number) {
    const own = this.faults.get(number) ?? "ok";
    return own === "ok" ? (this.faults.get("") ?? "ok") : own;
  }

  /** Returns the last message that a phone sent. */
  lastOf(number, topic) {
    const own = (message) =>
      message.kind === "in" && message.number === number && message.topic === topic;
    return [...this.messages.values()].findLast(own);
  }

  /** Returns the texts that a phone has sent, oldest first, each once in a row. */
  textsOf(number, topic) {
    const own = [...this.messages.values()].filter(
      (message) => message.kind === "in" && message.number === number && message.topic === topic,
    );
    const texts = own.map(({ text }) => text).filter((text) => text !== "");
    return texts.filter((text, at) => text !== texts[at - 1]);
  }

  #setFault({ number, fault }) {
    this.faults.set(number ?? "", fault);
  }

  #put(entry) {
    const key = `${entry.kind} ${entry.id}`;
    const known = this.messages.get(key);
    const change = this.#pendingChange();
    if (known) {
      known.state = entry.state;
      known.reason = entry.reason;
      known.history.push(step(entry));
      change.changed.add(known);
      return;
    }
    const message = { media: [], ...entry, history: [step(entry)] };
    this.messages.set(key, message);
    change.added.add(message);
    if (this.messages.size > MAX_MESSAGES) {
      const [oldestKey, oldest] = this.messages.entries().next().value;
      this.#remove(oldestKey, oldest);
    }
  }

  #clear(number) {
    for (const [key, message] of this.messages) {
      if (number === undefined || message.number === number) this.#remove(key, message);
    }
  }

  #remove(key, message) {
    const change = this.#pendingChange();
    this.messages.delete(key);
    if (!change.added.delete(message)) change.removed.add(message);
    change.changed.delete(message);
  }

  /** Returns the change that the next event will report, and schedules that event. */
  #pendingChange() {
    if (this.#change === null) {
      this.#change = { fresh: false, added: new Set(), changed: new Set(), removed: new Set() };
    }
    if (!this.#replaying && !this.#change.due) {
      this.#change.due = true;
      setTimeout(() => this.#dispatch(), BATCH_INTERVAL);
    }
    return this.#change;
  }

  #dispatch() {
    const change = this.#change;
    // A reset has come meanwhile: the event follows at the end of the replay.
    if (this.#replaying) {
      change.due = false;
      return;
    }
    this.#change = null;
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }
}

/** A state of a message, with its time. */
function step({ state, at, reason }) {
  return { state, at, reason };
}
