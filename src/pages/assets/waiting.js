import { byId, make } from "./dom.js";

/** Messages that the server has not acknowledged. Styles show them only after a moment. */
export class Waiting {
  #element = byId("waiting");

  show(messages) {
    const rows = messages.map(({ text }) =>
      make("p", { className: "bubble own" }, make("span", { className: "text", dir: "auto" }, text)),
    );
    this.#element.replaceChildren(...rows);
  }
}
