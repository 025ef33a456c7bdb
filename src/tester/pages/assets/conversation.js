import { copy, fill, make } from "./dom.js";
import { clock } from "./words.js";

/** Distance from the end, in pixels, within which new messages are scrolled into view. */
const FOLLOW_DISTANCE = 80;

/** The message bubbles of one phone. */
export class Conversation {
  #element;
  #hint;
  #isFollowing = true;
  #bubbles = new Map();

  constructor(element, hint) {
    this.#element = element;
    this.#hint = hint;
    element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      this.#isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_DISTANCE;
    });
    new ResizeObserver(() => this.#follow()).observe(element);
  }

  /** Replaces all messages. Screen readers do not announce them, since most are not new. */
  replace(messages) {
    this.#element.setAttribute("aria-busy", "true");
    this.#bubbles.clear();
    this.#element.replaceChildren();
    this.#isFollowing = true;
    this.change({ added: messages, changed: [], removed: [] });
    this.#element.removeAttribute("aria-busy");
  }

  /** Shows a change of the board. */
  change({ added, changed, removed }) {
    for (const message of removed) {
      this.#bubbles.get(message)?.element.remove();
      this.#bubbles.delete(message);
    }
    for (const message of changed) {
      const bubble = this.#bubbles.get(message);
      if (bubble) showState(bubble, message);
    }
    this.#element.append(...added.map((message) => this.#bubble(message)));
    this.#hint.hidden = this.#bubbles.size > 0;
    this.#follow();
  }

  /** Scrolls to the end, unless an older message is being read. */
  #follow() {
    if (this.#isFollowing) this.#element.scrollTop = this.#element.scrollHeight;
  }

  #bubble(message) {
    const bubble = copy("bubble");
    this.#bubbles.set(message, bubble);
    const own = message.kind === "in";
    bubble.element.classList.add(own ? "own" : "other");
    bubble.whose.textContent = own ? "You sent:" : "You received:";
    fill(bubble.text, message.text);
    bubble.text.after(...message.media.map((media) => this.#picture(media)));
    bubble.at.dateTime = message.at;
    bubble.at.textContent = clock(message.at);
    showState(bubble, message);
    return bubble.element;
  }

  #picture({ url, content_type: type }) {
    const link = () =>
      make("a", { href: url, target: "_blank", rel: "noreferrer", className: "file" }, url);
    const shown = /^data:image\//.test(url) || (/^https:/.test(url) && type.startsWith("image/"));
    if (!shown) return /^https:/.test(url) ? link() : make("span", { className: "file" }, type);
    const picture = make("img", { src: url, alt: "Picture", referrerPolicy: "no-referrer" });
    picture.addEventListener("load", () => this.#follow());
    picture.addEventListener("error", () => {
      picture.replaceWith(url.startsWith("https:") ? link() : "A picture that cannot be shown");
    });
    return picture;
  }
}

function showState({ element, state, reason }, message) {
  element.dataset.state = message.state;
  state.textContent = message.state;
  fill(reason, message.reason);
}
