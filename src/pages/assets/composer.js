import { byId, fill } from "./dom.js";

/** Time between two signs that the person is typing, in milliseconds. */
const TYPING_INTERVAL = 3_000;

/** Field for a message. Its text survives reloads, and is cleared only when the message is sent. */
export class Composer {
  #form = byId("composer");
  #field = this.#form.querySelector("textarea");
  #store;
  #send;
  #typing;
  #typedAt = -Infinity;

  /** `send(text)` reports whether the message is on its way; `typing()` is called now and then. */
  constructor(store, send, typing = () => {}) {
    [this.#store, this.#send, this.#typing] = [store, send, typing];
    this.#field.value = store.get("draft") ?? "";
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  focus() {
    this.#field.focus();
  }

  set isHidden(isHidden) {
    this.#form.hidden = isHidden;
  }

  /** Shows why a message was not sent, and gives its text back, before what was written since. */
  refuse(text, reason) {
    this.problem(`Not sent: ${reason}`);
    const since = this.#field.value;
    this.#set(since.trim() === "" ? text : `${text}\n${since}`);
  }

  /** Shows a problem until the next message, or removes it. */
  problem(text) {
    fill(byId("problem"), text);
  }

  #submit() {
    const text = this.#field.value;
    if (text.trim() === "") return;
    if (this.#send(text)) {
      this.problem(null);
      this.#set("");
      this.#typedAt = -Infinity;
    } else {
      this.problem("Not sent: there is no connection. Your text is kept.");
    }
    this.focus();
  }

  #set(text) {
    this.#field.value = text;
    this.#store.set("draft", text);
  }

  #changed() {
    const text = this.#field.value;
    this.#store.set("draft", text);
    const now = performance.now();
    if (text.trim() === "" || text.startsWith("/") || now - this.#typedAt < TYPING_INTERVAL) return;
    this.#typedAt = now;
    this.#typing();
  }
}
