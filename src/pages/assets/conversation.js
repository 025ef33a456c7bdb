import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { Log } from "./log.js";
import { Socket } from "./socket.js";
import { hideEnd, showEnd, showState } from "./status.js";
import { Store } from "./store.js";
import { Unread } from "./title.js";

/**
 * Conversation over a topic's socket, in which own messages are shown when they are sent. `on` holds
 * `state(name)`, and `line(line)`, which returns the log's entry for a line, or `null`.
 */
export class Conversation {
  #store;
  #log;
  #unread = new Unread();
  #socket;
  #on;

  /** `fields()` are those of a message beside its text, and `hello` those of the greeting. */
  constructor(fields, hello, on) {
    const { topic, socket: path } = byId("main").dataset;
    this.#on = on;
    this.#store = new Store(topic);
    this.#log = new Log(this.#store);
    this.composer = new Composer(this.#store, (text) => this.send({ text, ...fields() }));
    this.#socket = new Socket(path, this.#store, () => hello, this.#callbacks());
    byId("hint").hidden = !this.#log.isEmpty;
    this.#socket.open();
  }

  get isLive() {
    return this.#socket.isLive;
  }

  get store() {
    return this.#store;
  }

  /** Sends a message, and shows it. Reports whether there is a connection. */
  send(fields) {
    const ref = this.#socket.send(fields);
    if (ref === null) return false;
    this.#add({ from: null, text: this.#on.shown(fields), isOwn: true, ref, isSending: true });
    return true;
  }

  /** Shows why a message went no further. */
  refuse(ref, reason) {
    this.#log.settle(ref, reason);
  }

  #callbacks() {
    return {
      state: (state) => {
        showState(state);
        this.#on.state(state);
      },
      line: (line) => {
        const entry = this.#on.line(line);
        if (!entry) return;
        this.#add(entry);
        if (!entry.quiet) this.#unread.add();
      },
      ack: (id) => this.#log.settle(id),
      refused: (message, { text }) => {
        if (message) this.refuse(message.id, text);
        else this.composer.problem(text);
      },
      gap: () => this.#add({ quiet: ["You were away for long: some messages are missing here."] }),
      end: (close) => showEnd(close, () => this.#again()),
    };
  }

  #again() {
    hideEnd();
    this.#socket.open();
  }

  #add(entry) {
    byId("hint").hidden = true;
    this.#log.add(entry);
  }
}
