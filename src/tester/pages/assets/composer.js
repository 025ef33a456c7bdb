import { post } from "./api.js";
import { Attachments } from "./attach.js";
import { make } from "./dom.js";
import { showError, showNotice } from "./notices.js";
import { setUpRecall } from "./recall.js";
import { measure } from "./segments.js";

/** Delay between the last key and the count of segments, in milliseconds. */
const MEASURE_DELAY = 150;

const HELP = "Enter sends, Shift+Enter starts a new line, ↑ recalls";

const NOT_ACCEPTED = "The message was not accepted; the log says why";

/** Beginning of the first placeholder of a command, such as `<text>`. */
const PLACEHOLDER = "<";

/** The input of a phone. A message that could not be sent returns into it. */
export class Composer {
  #parts;
  #phone;
  #attachments;
  #sending = Promise.resolve();
  #measurements = 0;
  #timer;

  constructor(card, parts, phone) {
    this.#parts = parts;
    this.#phone = phone;
    this.#attachments = new Attachments(card, parts);
    const { composer, text } = parts;
    text.addEventListener("input", () => this.#measureSoon());
    const sent = () => phone.board.textsOf(phone.number(), phone.topic());
    setUpRecall(text, sent, () => this.#measureSoon());
    text.addEventListener("keydown", (event) => {
      // An input method uses Enter to choose a word.
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

  /** Shows the commands of a topic as buttons. */
  showCommands(commands) {
    this.#parts.commands.hidden = commands.length === 0;
    this.#parts.commands.replaceChildren(...commands.map((command) => this.#command(command)));
  }

  /** Makes the button of a command. It sends the command, or begins it when the rest is to be written. */
  #command({ text: command, help }) {
    const button = make("button", { type: "button", title: help }, command);
    const rest = command.indexOf(PLACEHOLDER);
    button.addEventListener("click", (event) => {
      if (rest >= 0) {
        this.#parts.text.value = command.slice(0, rest);
        this.#measureSoon();
        this.focus();
        return;
      }
      this.#send(command, []);
      // A click with the pointer moves on to the input; the keyboard's focus stays on the button.
      if (event.detail > 0) this.focus();
    });
    return button;
  }

  #submit() {
    const { text } = this.#parts;
    const media = this.#attachments.take();
    const written = text.value;
    if (written === "" && media.length === 0) return;
    text.value = "";
    this.#measureSoon();
    this.#send(written, media, () => {
      text.value = text.value === "" ? written : `${written}\n${text.value}`;
      this.#attachments.put(media);
      this.#measureSoon();
    });
  }

  /** Sends one message after the other, to keep their order. */
  #send(written, media, takeBack = () => {}) {
    const { number, topic } = this.#phone;
    const body = { topic: topic(), number: number(), messages: [written], media };
    this.#sending = this.#sending.then(async () => {
      try {
        const { results } = await post("/tester/send", body);
        const has = (wanted) => results.some(({ state }) => state === wanted);
        if (has("rejected")) showNotice("The message was rejected", { isError: true });
        else if (has("refused")) showNotice(NOT_ACCEPTED, { isError: true });
        else showNotice("Sent message");
      } catch (error) {
        takeBack();
        showError(error);
      }
    });
  }

  #measureSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#measure(), MEASURE_DELAY);
  }

  async #measure() {
    const { text, count: shown } = this.#parts;
    const measurement = ++this.#measurements;
    const line = text.value === "" ? HELP : await measure(text.value);
    // Responses may arrive out of order: only that to the last request is shown.
    if (measurement === this.#measurements) shown.textContent = line;
  }
}
