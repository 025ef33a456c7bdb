const KEY = "outbox";

/** Returns a random id of 32 hex digits. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Messages that the server has not acknowledged, in order. Each is sent again under its own id after
 * a reconnect or a reload, and the server counts it once.
 */
export class Outbox {
  #store;

  constructor(store) {
    this.#store = store;
  }

  get all() {
    return this.#store.get(KEY) ?? [];
  }

  /** Adds a message, and returns it with its id. */
  add(fields) {
    const message = { ...fields, id: randomId() };
    this.#store.set(KEY, [...this.all, message]);
    return message;
  }

  /** Removes a message, and returns it, or `undefined`. */
  take(id) {
    const { all } = this;
    const found = all.find((message) => message.id === id);
    if (found) this.#store.set(KEY, all.filter((message) => message !== found));
    return found;
  }

  clear() {
    this.#store.remove(KEY);
  }
}
