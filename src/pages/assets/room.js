import { Countdown } from "./clock.js";
import { byId } from "./dom.js";
import { Invite } from "./invite.js";
import { Log } from "./log.js";
import { People } from "./people.js";
import { Unread } from "./title.js";
import { Typing } from "./typing.js";

/** Time before the end in which warnings are not announced twice, in milliseconds. */
const ANNOUNCED = 65_000;
const WIDE = matchMedia("(min-width: 56rem)");

/** Room as a person in it sees it. */
export class Room {
  #store;
  #state;
  #log;
  #people;
  #invite;
  #countdown = new Countdown(byId("timer"));
  #typing = new Typing(byId("typing"));
  #unread = new Unread();
  #onEnd;

  /** `command(text)` sends a command, and `onEnd(reason)` is called when the room has ended. */
  constructor(store, number, command, onEnd) {
    [this.#store, this.#onEnd] = [store, onEnd];
    this.#log = new Log(store);
    this.#people = new People(command);
    this.#invite = new Invite(number);
    for (const button of byId("controls").querySelectorAll("[data-command]")) {
      button.addEventListener("click", () => command(button.dataset.command));
    }
    WIDE.addEventListener("change", () => this.#arrange());
    this.#state = store.get("room") ?? null;
    if (this.#state) this.#show();
  }

  /** Reports whether this person has been let in. */
  get isEntered() {
    return this.#state !== null;
  }

  receive(line) {
    const known = Object.hasOwn(this.#kinds, line.type) && this.#kinds[line.type];
    if (known) known(line);
    else if (line.text) this.#log.quiet(line.text);
  }

  gap() {
    this.#log.quiet("You were away for long: some messages are missing here.");
  }

  /** Shows the room, open on wide windows, with the invitation open for its creator. */
  #show() {
    const isFirst = byId("room").hidden;
    byId("room").hidden = false;
    const { name, here, allowed, locked, ends_at, code } = this.#state;
    this.#people.show({ name, here, allowed });
    this.#invite.show({ token: this.#store.get("token"), code });
    this.#countdown.start(ends_at);
    for (const button of byId("controls").querySelectorAll("[data-needs]")) {
      const isOther = button.dataset.command === (locked ? "/lock" : "/unlock");
      button.hidden = !allowed.includes(button.dataset.needs) || isOther;
    }
    if (!isFirst) return;
    this.#arrange();
    if (this.#store.get("created")) this.#invite.open();
    this.#store.remove("created");
    this.#log.toEnd();
  }

  /** Opens what is beside the conversation on a wide window, and leaves the room to it on a small one. */
  #arrange() {
    byId("people").open = byId("invite").open = WIDE.matches;
  }

  #change(changes) {
    if (!this.#state) return;
    Object.assign(this.#state, changes);
    this.#store.set("room", this.#state);
    this.#show();
  }

  #message({ from, text }) {
    const isOwn = from === this.#state?.name;
    this.#typing.stop(from);
    this.#log.add({ from, text, isOwn });
    if (!isOwn) this.#unread.add();
  }

  /** Shows that another person has come or gone. Own lines come before this person is let in. */
  #comeOrGo({ name, here }, text) {
    this.#typing.stop(name);
    this.#change({ here });
    if (this.#state && name !== this.#state.name) this.#log.quiet({ name }, text);
  }

  #enter({ type, id, text, history, ...state }) {
    const isFirst = this.#state === null;
    this.#state = { here: [], allowed: [], code: this.#store.get("code"), ...state };
    this.#change({});
    if (this.#log.isEmpty) for (const line of history ?? []) this.#message(line);
    byId("room").classList.toggle("reading", state.name === undefined);
    if (!isFirst) return;
    if (state.name === undefined) this.#log.quiet("You can read here, but not write.");
    else this.#log.quiet("You are here as ", { name: state.name }, ".");
  }

  #kinds = {
    room: (line) => this.#enter(line),
    message: (line) => (line.from === undefined ? this.#log.quiet(line.text) : this.#message(line)),
    joined: (line) => this.#comeOrGo(line, " joined."),
    left: (line) => this.#comeOrGo(line, " left."),
    renamed: ({ from, to, here }) => {
      const { name } = this.#state ?? {};
      this.#change({ here, name: name === from ? to : name });
      this.#log.quiet({ name: from }, " is now ", { name: to }, ".");
    },
    typing: ({ from }) => from !== this.#state?.name && this.#typing.start(from),
    notice: ({ text, locked, ends_at }) => {
      if (locked !== undefined) this.#change({ locked });
      // The clock announces the last minute itself.
      const isSilent = ends_at - Date.now() < ANNOUNCED;
      this.#log.add({ quiet: [text], isSilent });
    },
    extended: ({ ends_at, token, text }) => {
      if (token) this.#store.set("token", token);
      this.#change({ ends_at });
      this.#log.quiet(text ?? "There is more time now.");
    },
    created: () => {},
    ended: ({ text }) => this.#onEnd(text),
  };

  /** Stops the clock, and forgets the room; what was said stays on the screen. */
  end() {
    this.#countdown.stop();
    this.#log.forget();
    this.#state = null;
    byId("room").classList.add("over");
  }
}
