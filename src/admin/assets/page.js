import { announce, byId, make, patch } from "./dom.js";
import { drawNav } from "./nav.js";
import { complain, notice } from "./notices.js";
import { link, route } from "./router.js";
import { Source } from "./source.js";

/** Seconds between two readings of the overview. */
const LIVE = 2;
/** What the sign of the connection says. */
const CONNECTION = { live: "Live", away: "No connection", store: "Store away" };

/** The open page: session, overview, and the section in view. */
export class Page {
  overview = null;
  #sections;
  #history;
  #live = null;
  #sources = [];
  #view = null;
  #section = "";
  #isPlanned = false;

  constructor(sections, history) {
    this.#sections = sections;
    this.#history = history;
    addEventListener("hashchange", () => this.session && this.#open({ isMove: true }));
  }

  get history() {
    return this.#history;
  }

  get canWrite() {
    return this.session.role === "write";
  }

  /** Names of all topics. */
  get topics() {
    return (this.overview?.topics ?? []).map(({ name }) => name);
  }

  /** Begins to show what a session may see. */
  start(session, leave) {
    this.session = session;
    this.leave = leave;
    byId("shell").hidden = false;
    byId("program").textContent = session.program;
    byId("shell").dataset.role = session.role ?? "";
    this.#live ??= new Source("overview", LIVE, (source) => this.#take(source));
    this.#live.read();
    this.#open({ isMove: false });
  }

  /** Stops to ask the server. What is in view stays, for the same person who logs in again. */
  stop() {
    this.#live?.close();
    this.#live = null;
    this.#sources.forEach((source) => source.close());
    this.#sources = [];
  }

  /** Reads a part of the API for the section in view, every so many seconds, or once. */
  source(path, every = 0) {
    const source = new Source(path, every, () => this.draw());
    this.#sources.push(source);
    source.read();
    return source;
  }

  /** Draws the section in view again, soon. */
  draw() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#drawNow();
    });
  }

  /** Does what a person has asked for, says that it is done or why not, and reads everything again. */
  async act(work, done) {
    try {
      const result = await work();
      const text = typeof done === "function" ? done(result) : done;
      if (text) notice(text);
      return true;
    } catch (failure) {
      complain(failure);
      return false;
    } finally {
      this.#live?.read();
      this.#sources.forEach((source) => source.read());
    }
  }

  #take({ data, failure }) {
    if (!failure && data) {
      // While the store is away, what was last known of the topics stays in view.
      const isKept = data.store?.ready === false && !data.topics?.length && this.overview;
      this.overview = isKept ? { ...this.overview, store: data.store, at: data.at } : data;
      if (!isKept) this.#history.take(data);
    }
    const state = failure ? "away" : data?.store?.ready === false ? "store" : "live";
    const shown = byId("connection");
    if (shown.dataset.state !== state) {
      shown.dataset.state = state;
      shown.textContent = CONNECTION[state];
    }
    this.failure = failure;
    this.draw();
  }

  #open({ isMove }) {
    const { section, argument, parameters } = route();
    const name = this.#sections[section] ? section : "overview";
    if (name !== section) location.replace(link(name));
    this.#sources.forEach((source) => source.close());
    this.#sources = [];
    this.#section = name;
    this.#view = this.#sections[name](this, { argument, parameters });
    byId("main").replaceChildren();
    this.#drawNow();
    const heading = byId("main").querySelector("h1");
    document.title = `${heading?.textContent ?? "Operations"} · ${this.session.program}`;
    if (!isMove) return;
    scrollTo(0, 0);
    heading?.focus({ preventScroll: true });
    announce(document.title);
  }

  #drawNow() {
    drawNav(this, this.#section === "topic" ? "overview" : this.#section);
    const main = byId("main");
    const fresh = main.cloneNode(false);
    fresh.append(...this.#content());
    patch(main, fresh);
    try {
      this.#view.drawn?.(main);
    } catch (error) {
      console.error(error);
    }
  }

  /** Content of the section in view. One that cannot be shown leaves the rest of the page in use. */
  #content() {
    const away = this.failure && make("p", { class: "problem", role: "alert", "data-key": "away" }, `${this.failure.message} Figures are those of the last answer.`);
    try {
      return [away, ...[this.#view.render()].flat()].filter(Boolean);
    } catch (error) {
      console.error(error);
      return [make("h1", { tabindex: "-1" }, "Not shown"), make("p", { class: "problem", role: "alert" }, `The server's answer has another form than this page expects (${error.message}). Reload the page; other sections can be used.`)];
    }
  }
}
