import { post } from "./api.js";
import { Attach } from "./attach.js";
import { make } from "./dom.js";
import { failed, say } from "./notices.js";
import { count } from "./words.js";

/** As long as somebody's pause between two words. */
const PAUSE = 150;

const HELP = "Enter sends, Shift+Enter starts a new line";

/** What people usually text to a handler. */
const COMMANDS = { roulette: ["connect", "refresh", "disconnect", "call", "stats"] };

/** Where a phone writes. What cannot be sent stays, or comes back. */
export class Composer {
  #parts;
  #phone;
  #attach;
  #sending = Promise.resolve();
  #asked = 0;
  #timer;

  constructor(card, parts, phone) {
    this.#parts = parts;
    this.#phone = phone;
    this.#attach = new Attach(card, parts);
    const { composer, text } = parts;
    text.addEventListener("input", () => this.#measureSoon());
    text.addEventListener("keydown", (event) => {
      // While a word is being composed, Enter chooses it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      composer.requestSubmit();
    });
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#parts.count.textContent = HELP;
  }

  focus() {
    this.#parts.text.focus();
  }

  offer(handler) {
    const words = COMMANDS[handler] ?? [];
    this.#parts.commands.hidden = words.length === 0;
    this.#parts.commands.replaceChildren(...words.map((word) => this.#command(word)));
  }

  #command(word) {
    const button = make("button", { type: "button" }, word);
    button.addEventListener("click", (event) => {
      this.#send(word, []);
      // Whoever points goes on to write; whoever walks by keys is where they want to be.
      if (event.detail > 0) this.focus();
    });
    return button;
  }

  #submit() {
    const { text } = this.#parts;
    const media = this.#attach.take();
    const written = text.value;
    if (written === "" && media.length === 0) return;
    text.value = "";
    this.#measureSoon();
    this.#send(written, media, () => {
      text.value = text.value === "" ? written : `${written}\n${text.value}`;
      this.#attach.put(media);
      this.#measureSoon();
    });
  }

  /** One after the other, so that what is written fast arrives in its order. */
  #send(written, media, takeBack = () => {}) {
    const { number, topic } = this.#phone;
    const body = { topic: topic(), number: number(), messages: [written], media };
    this.#sending = this.#sending.then(async () => {
      try {
        const { results } = await post("/tester/send", body);
        const was = (wanted) => results.some(({ state }) => state === wanted);
        if (was("rejected")) say("The message was rejected", { wrong: true });
        else if (was("refused")) say("The message was not taken; the log says why", { wrong: true });
        else say("Sent message");
      } catch (error) {
        takeBack();
        failed(error);
      }
    });
  }

  #measureSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#measure(), PAUSE);
  }

  async #measure() {
    const { text, count: shown } = this.#parts;
    const asked = ++this.#asked;
    let said = HELP;
    if (text.value !== "") {
      const size = await post("/tester/segments", { text: text.value }).catch(() => null);
      said = size === null ? "" : sentence(size);
    }
    // Somebody who types fast is shown the last answer, not the latest to come.
    if (asked === this.#asked) shown.textContent = said;
  }
}

function sentence({ characters, encoding, segments, left }) {
  const parts = [
    count(characters, "character", "characters"),
    encoding,
    count(segments, "segment", "segments"),
    `${left} left`,
  ];
  return parts.join(" · ");
}
