import { byId, copy, parts } from "./dom.js";

/** Link and code of a room, for those who bring others in. */
export class Invite {
  #element = byId("invite");
  #parts = parts(this.#element);
  #number;

  /** `number` takes `join CODE` from phones, if there is one. */
  constructor(number) {
    this.#number = number;
    const { link, copied, share } = this.#parts;
    link.addEventListener("focus", () => link.select());
    this.#parts.copy.addEventListener("click", () => {
      link.select();
      copy(link.value, copied);
    });
    share.hidden = !navigator.share;
    share.addEventListener("click", () => {
      // A person who closes the sheet has changed their mind.
      navigator.share({ title: document.title, url: link.value }).catch(() => {});
    });
  }

  open() {
    this.#element.open = true;
  }

  /** Shows a room. Those who have come by its code have no token. */
  show({ token, code }) {
    const { link, byLink, actions, byPhone } = this.#parts;
    byLink.hidden = actions.hidden = !token;
    link.value = token ? `${location.origin}/room/join?room=${encodeURIComponent(token)}` : "";
    byPhone.hidden = !code;
    if (!code) return;
    const shown = document.createElement("kbd");
    shown.textContent = this.#number ? `join ${code}` : code;
    byPhone.replaceChildren(
      ...(this.#number
        ? ["By phone: text ", shown, ` to ${this.#number}`]
        : ["Code of this room: ", shown]),
    );
  }
}
