import { backoff } from "./backoff.js";
import { INVALID_TOKEN, TOO_LONG, finalClose } from "./closes.js";
import { Inbox } from "./inbox.js";
import { Outbox } from "./outbox.js";

const PROTOCOL = "crosswire.v1";
/** Time for the server's `welcome` and for each `ack`, in milliseconds. */
const PATIENCE = 10_000;
/** Delay before a message is sent again that the server could not store, in milliseconds. */
const STORE_DELAY = 2_000;

/**
 * Connection of this tab to a topic, over any number of sockets: it reconnects, resumes after the
 * last line, and sends again what was not acknowledged.
 *
 * `on` holds the callbacks `state(name)`, `line(line)`, `ack(id)`, `refused(message, error)`,
 * `gap()` when missed lines are gone, and `end(close)`. States are `connecting`, `live`,
 * `reconnecting`, `offline` and `ended`.
 */
export class Socket {
  #path;
  #store;
  #hello;
  #on;
  #inbox;
  #outbox;
  #socket = null;
  #state = "connecting";
  #attempt = 0;
  #retry;
  #deadline;

  constructor(path, store, hello, on) {
    [this.#path, this.#store, this.#hello, this.#on] = [path, store, hello, on];
    this.#inbox = new Inbox(store);
    this.#outbox = new Outbox(store);
    addEventListener("offline", () => this.#isWaiting && this.#change("offline"));
    // The network may be another one now, on which an open socket is dead without a sign of it.
    addEventListener("online", () => (this.#socket || this.#isWaiting) && this.open());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#isWaiting) this.open();
    });
  }

  get isLive() {
    return this.#state === "live";
  }

  /** Messages that wait for an acknowledgement. */
  get unacknowledged() {
    return this.#outbox.all;
  }

  get #isWaiting() {
    return this.#state === "reconnecting" || this.#state === "offline";
  }

  /** Connects, in place of a connection that is open. */
  open() {
    this.#drop();
    if (this.isLive) this.#change("reconnecting");
    if (!this.#isWaiting) this.#change("connecting");
    const socket = new WebSocket(this.#path, PROTOCOL);
    this.#socket = socket;
    this.#expect();
    socket.onopen = () => this.#write({ type: "hello", ...this.#identity(), ...this.#hello() });
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Closes the connection for good. */
  close() {
    this.#drop();
    this.#change("ended");
  }

  /** Forgets the session's place and its unacknowledged messages. */
  forget() {
    this.#inbox.clear();
    this.#outbox.clear();
  }

  /** Sends a message, and returns its id, or `null` without a connection. */
  send(fields) {
    if (!this.isLive) return null;
    const message = this.#outbox.add({ type: "message", ...fields });
    this.#write(message);
    this.#expect();
    return message.id;
  }

  /** Sends what may be lost, such as `typing`. */
  signal(type) {
    if (this.isLive) this.#write({ type });
  }

  #identity() {
    return { session: this.#store.get("session"), last: this.#inbox.last };
  }

  #write(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Allows the server some time for the next acknowledgement. */
  #expect() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#closed(1006), PATIENCE);
  }

  #receive(line) {
    if (line.type === "welcome") this.#welcome(line);
    else if (line.type === "ack") this.#acknowledge(line.ref);
    else if (line.type === "error" && line.id === undefined) this.#refuse(line);
    else if (line.type === "position") this.#inbox.advance(line.id);
    else if (this.#inbox.isNew(line.id)) {
      this.#on.line(line);
      this.#inbox.advance(line.id);
    }
  }

  #welcome({ session, resumed }) {
    const hadPlace = this.#inbox.last !== undefined;
    if (hadPlace && resumed === false) {
      this.#inbox.clear();
      this.#on.gap();
    }
    this.#store.set("session", session);
    this.#attempt = 0;
    clearTimeout(this.#deadline);
    this.#change("live");
    for (const message of this.#outbox.all) this.#write(message);
    if (this.#outbox.all.length > 0) this.#expect();
  }

  #acknowledge(id) {
    this.#outbox.take(id);
    clearTimeout(this.#deadline);
    if (this.#outbox.all.length > 0) this.#expect();
    this.#on.ack(id);
  }

  #refuse(error) {
    const message = this.#outbox.all.find(({ id }) => id === error.ref);
    if (message && ["unavailable", "too_many", "too_fast"].includes(error.code)) {
      this.#expect();
      setTimeout(() => this.isLive && this.#write(message), STORE_DELAY);
      return;
    }
    if (message) this.#acknowledge(message.id);
    this.#on.refused(message, error);
  }

  #closed(code) {
    this.#drop();
    const hadSession = this.#store.get("session") !== undefined;
    if (code === INVALID_TOKEN && hadSession) {
      // It may be the session that has expired: the next attempt tells, as a new one.
      this.#store.remove("session", "last");
      this.open();
      return;
    }
    const final = finalClose(code);
    if (final) {
      if (code === TOO_LONG) this.#giveUp(final);
      this.#change("ended");
      this.#on.end(final);
      return;
    }
    this.#change(navigator.onLine ? "reconnecting" : "offline");
    this.#retry = setTimeout(() => this.open(), backoff(this.#attempt));
    this.#attempt += 1;
  }

  /** Takes back what the server would refuse again. */
  #giveUp({ text }) {
    for (const message of this.#outbox.all) {
      this.#outbox.take(message.id);
      this.#on.refused(message, { text });
    }
  }

  /** Lets go of the socket. A dead one would report its end only after minutes. */
  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #change(state) {
    this.#state = state;
    this.#on.state(state);
  }
}
