import { byId, hue, isolated, make } from "./dom.js";

const KEY = "log";
/** Number of entries that are shown, and kept through a reload. */
const LIMIT = 300;
/** Distance to the end at which the log follows new entries, in pixels. */
const NEAR = 80;

/**
 * Conversation of this tab. A message has `from`, `text` and `isOwn`, and one that this page shows
 * before the server has it also `ref` and `isSending`. A quiet line has `quiet`, a list of texts and
 * of names as `{ name }`; screen readers do not hear one that `isSilent`.
 */
export class Log {
  #element = byId("log");
  #newer = byId("newer");
  #store;
  #entries;
  #lastFrom = null;
  #isFollowing = true;

  constructor(store) {
    this.#store = store;
    this.#entries = store.get(KEY) ?? [];
    for (const entry of this.#entries) this.#render(entry);
    this.toEnd();
    this.#newer.addEventListener("click", () => this.toEnd());
    this.#element.addEventListener("scroll", () => {
      this.#isFollowing = this.#isAtEnd;
      if (this.#isFollowing) this.#newer.hidden = true;
    });
    // A keyboard that opens, or a card, takes some of the height.
    new ResizeObserver(() => this.#isFollowing && this.toEnd()).observe(this.#element);
  }

  get isEmpty() {
    return this.#entries.length === 0;
  }

  add(entry) {
    const follow = this.#isFollowing || entry.isOwn;
    this.#entries.push(entry);
    this.#render(entry);
    if (this.#entries.length > LIMIT) {
      this.#entries.shift();
      this.#element.firstElementChild.remove();
    }
    this.#save();
    if (follow) this.toEnd();
    else this.#newer.hidden = false;
  }

  quiet(...texts) {
    this.add({ quiet: texts });
  }

  /** Notes that the server has a message, or with a reason that it went no further. */
  settle(ref, reason = null) {
    const entry = this.#entries.find((known) => known.ref === ref);
    if (!entry) return;
    Object.assign(entry, { isSending: false, reason: reason ?? entry.reason });
    const shown = this.#element.querySelector(`[data-ref="${ref}"]`);
    shown?.classList.remove("sending");
    if (reason !== null) shown?.append(make("p", { className: "reason" }, reason));
    this.#save();
  }

  /** Forgets what was said, but leaves it on the screen. */
  forget() {
    this.#entries = [];
    this.#store.remove(KEY);
  }

  clear() {
    this.forget();
    this.#element.replaceChildren();
    this.#lastFrom = null;
  }

  toEnd() {
    this.#isFollowing = true;
    this.#element.scrollTop = this.#element.scrollHeight;
    this.#newer.hidden = true;
  }

  get #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #save() {
    this.#store.set(KEY, this.#entries);
  }

  #render(entry) {
    this.#element.append(entry.quiet ? this.#quietLine(entry) : this.#bubble(entry));
  }

  #quietLine({ quiet, isSilent }) {
    this.#lastFrom = null;
    const texts = quiet.map((part) => (typeof part === "string" ? part : isolated(part.name)));
    const line = make("p", { className: "quiet" }, ...texts);
    if (isSilent) line.setAttribute("aria-hidden", "true");
    return line;
  }

  #bubble({ from, text, isOwn, ref, isSending, reason }) {
    const name = isOwn ? "You" : from;
    const bubble = make("div", { className: isOwn ? "bubble own" : "bubble other" });
    if (name) bubble.append(make("p", { className: "name" }, isolated(name)));
    bubble.append(make("p", { className: "text", dir: "auto" }, text));
    if (reason) bubble.append(make("p", { className: "reason" }, reason));
    if (!isOwn) bubble.dataset.hue = hue(name);
    if (ref) bubble.dataset.ref = ref;
    bubble.classList.toggle("sending", isSending === true);
    bubble.classList.toggle("same", name === this.#lastFrom);
    this.#lastFrom = name;
    return bubble;
  }
}
