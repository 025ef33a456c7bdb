import { makeBubble, showState } from "./bubble.js";

/** Distance from the end, in pixels, within which new messages are scrolled into view. */
const FOLLOW_DISTANCE = 80;

/** The message bubbles of one phone. */
export class Conversation {
  #element;
  #hint;
  #jump;
  #onEnd;
  #isFollowing = true;
  #missed = 0;
  #bubbles = new Map();

  /** `onEnd` is called when the user has scrolled to the newest message. */
  constructor({ conversation: element, hint, jump }, onEnd) {
    this.#element = element;
    this.#hint = hint;
    this.#jump = jump;
    this.#onEnd = onEnd;
    element.addEventListener("scroll", () => this.#scrolled());
    jump.addEventListener("click", () => {
      this.#scrollToEnd();
      element.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#follow()).observe(element);
  }

  /** Whether the newest message is in view. */
  get isAtEnd() {
    return this.#isFollowing;
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
    if (this.#bubbles.size === 0) this.#isFollowing = true;
    this.#missed = this.#isFollowing ? 0 : this.#missed + added.length;
    this.#showJump();
    this.#follow();
  }

  /** Marks these messages as new, and no others. */
  mark(messages) {
    for (const [message, { element }] of this.#bubbles) {
      element.classList.toggle("fresh", messages.has(message));
    }
  }

  #bubble(message) {
    const bubble = makeBubble(message, () => this.#follow());
    this.#bubbles.set(message, bubble);
    return bubble.element;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_DISTANCE;
    if (!this.#isFollowing || this.#missed === 0) return;
    this.#missed = 0;
    this.#showJump();
    this.#onEnd();
  }

  #showJump() {
    this.#jump.hidden = this.#missed === 0;
    this.#jump.textContent = `↓ ${this.#missed} new`;
  }

  #scrollToEnd() {
    this.#element.scrollTop = this.#element.scrollHeight;
  }

  /** Scrolls to the end, unless an older message is being read. */
  #follow() {
    if (this.#isFollowing) this.#scrollToEnd();
  }
}
