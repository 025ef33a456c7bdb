/**
 * State of a topic in this tab. It lasts through reloads, and ends with the tab: one tab is one
 * person. Without storage, as in some private windows, it lasts until the page is left.
 */
export class Store {
  #prefix;
  #memory = new Map();

  constructor(topic) {
    this.#prefix = `crosswire.${topic}.`;
  }

  /** Returns a value, or `undefined`. */
  get(key) {
    if (this.#memory.has(key)) return this.#memory.get(key);
    try {
      const text = sessionStorage.getItem(this.#prefix + key);
      return text === null ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  set(key, value) {
    this.#memory.set(key, value);
    try {
      sessionStorage.setItem(this.#prefix + key, JSON.stringify(value));
    } catch {
      // The value stays in memory.
    }
  }

  remove(...keys) {
    for (const key of keys) {
      this.#memory.delete(key);
      try {
        sessionStorage.removeItem(this.#prefix + key);
      } catch {
        // Nothing was stored.
      }
    }
  }
}
