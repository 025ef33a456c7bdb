import { download, post, search, withQuery } from "./api.js";
import { filters, letterTable } from "./letters.js";
import { confirmed, progress } from "./dialog.js";
import { make } from "./dom.js";
import { count, number, sum } from "./format.js";
import { action, check, empty, head, stateOf } from "./parts.js";
import { keep } from "./router.js";

/** Letters on a page of the list. */
const PAGE = 50;
/** Letters that one call replays or drops. */
const STEP = 500;

/** Dead letters: filters, a list page by page, and replay or removal of some or all. */
export function dead(page, { parameters }) {
  return new DeadLetters(page, parameters).view();
}

class DeadLetters {
  #page;
  #filter;
  #source = null;
  #before = [];
  #chosen = new Map();
  #isShown = false;

  constructor(page, parameters) {
    this.#page = page;
    const value = (name) => parameters.get(name) ?? "";
    this.#filter = { topic: value("topic"), queue: value("queue"), reason: value("reason"), person: "" };
  }

  view() {
    return { render: () => this.#render() };
  }

  /** The first topic with dead letters is shown when none was asked for. */
  #settle() {
    if (this.#source || !this.#page.overview) return;
    const topics = this.#page.overview.topics ?? [];
    const hasSome = ({ queues }) => sum(Object.values(queues ?? {}).map((queue) => queue?.dead)) > 0;
    this.#filter.topic ||= (topics.find(hasSome) ?? topics[0])?.name ?? "";
    if (this.#filter.topic) this.#source = this.#page.source(this.#path());
  }

  #path() {
    const wanted = {
      ...this.#filter,
      before: this.#before.at(-1),
      limit: PAGE,
      show: this.#isShown,
    };
    return this.#filter.person ? search("dead/search", wanted) : withQuery("dead", wanted);
  }

  #refresh() {
    this.#chosen.clear();
    return this.#source?.follow(this.#path());
  }

  #set(changed) {
    Object.assign(this.#filter, changed);
    this.#before = [];
    // A number never stands in the address.
    keep({ topic: this.#filter.topic, queue: this.#filter.queue, reason: this.#filter.reason });
    if (this.#source) this.#refresh();
    this.#page.draw();
  }

  #render() {
    this.#settle();
    const show = (event) => {
      this.#isShown = event.target.checked;
      this.#refresh();
    };
    const showing = this.#page.canWrite && check("Show numbers and texts", this.#isShown, show);
    const title = head(
      "Dead letters",
      "Messages that were given up, the newest first. A replayed one goes to the end of its mailbox.",
      showing,
    );
    const found = this.#source?.data;
    const letters = found?.letters ?? [];
    // A page may be empty and have a next one: the server looks at a bounded number of letters at once.
    const hasMore = Boolean(found && (found.next || this.#before.length));
    const none =
      found &&
      !letters.length &&
      empty(
        "No dead letters.",
        this.#isFiltered()
          ? "None match this filter."
          : "Every message of this topic was handled and sent, or waits.",
      );
    return [
      title,
      filters(this.#page, this.#filter, (changed) => this.#set(changed)),
      this.#source && stateOf(this.#source),
      letters.length || hasMore
        ? make(
            "section",
            { class: "card flush", "aria-label": "Dead letters", "data-key": "letters" },
            this.#bar(found),
            letters.length > 0 && letterTable(this.#page, letters, this.#chosen, this.#isShown),
            this.#pager(found),
          )
        : null,
      none,
    ].filter(Boolean);
  }

  #isFiltered() {
    const { queue, reason, person } = this.#filter;
    return Boolean(queue || reason || person || this.#before.length);
  }

  #bar({ total, letters }) {
    const [page, some] = [this.#page, this.#chosen.size];
    const all = total ?? letters.length;
    const heading = make(
      "p",
      { class: "total" },
      make("strong", {}, some ? `${number(some)} of ${number(all)} selected` : this.#total(all, letters)),
    );
    const one = (verb, look) =>
      action(
        page,
        some ? `${verb} ${number(some)}` : `${verb} all`,
        () => (some ? this.#doSome(verb) : this.#doAll(verb, all)),
        { class: look, disabled: all === 0 },
      );
    const { path, body } = search("dead/export", this.#filter);
    const save = () => page.act(() => download("dead-letters.csv", path, body), null);
    return make(
      "div",
      { class: "row middle bar-of-actions", "data-key": "bar" },
      heading,
      one("Replay", "primary"),
      one("Drop", "danger"),
      action(page, "Export as CSV", save),
    );
  }

  /** The server counts queues, and not what a filter leaves of them. */
  #total(all, letters) {
    const { reason, person } = this.#filter;
    return reason || person ? `${number(letters.length)} shown of ${number(all)}` : count(all, "letter");
  }

  #pager({ next }) {
    const move = (change) => () => {
      change();
      this.#refresh();
    };
    if (!next && !this.#before.length) return null;
    return make(
      "div",
      { class: "row pager", "data-key": "pager" },
      make(
        "button",
        { type: "button", disabled: !this.#before.length, onclick: move(() => this.#before.pop()) },
        "Newer",
      ),
      make(
        "button",
        { type: "button", disabled: !next, onclick: move(() => this.#before.push(next)) },
        "Older",
      ),
    );
  }

  async #doSome(verb) {
    // The oldest first: replayed letters of one person keep their order.
    const letters = [...this.#chosen.values()].sort((one, other) => new Date(one.at) - new Date(other.at));
    const what = count(letters.length, "letter");
    if (!(await this.#isConfirmed(verb, what))) return;
    const ids = letters.map(({ id }) => id);
    const work = () => post(`dead/${verb.toLowerCase()}`, { topic: this.#filter.topic, ids });
    await this.#run(verb, async () => (await work())?.done ?? 0);
  }

  async #doAll(verb, total) {
    const { topic, queue, reason, person } = this.#filter;
    const filter = Object.fromEntries(Object.entries({ queue, reason, person }).filter(([, value]) => value));
    const isPart = Boolean(reason || person);
    const what = isPart ? "all letters that match the filter" : `all ${number(total)} letters of ${topic}`;
    if (!(await this.#isConfirmed(verb, what))) return;
    const step = (limit) => post(`dead/${verb.toLowerCase()}`, { topic, ...filter, all: true, limit });
    const doing = verb === "Replay" ? "Replaying letters" : "Dropping letters";
    await this.#run(verb, () => progress({ doing, limit: STEP, step }));
  }

  #isConfirmed(verb, what) {
    const isReplay = verb === "Replay";
    const text = isReplay
      ? "Each goes to the end of its mailbox, and is handled or sent as if it had just come. Replay them only after the cause is mended."
      : "They are removed for good, and nothing brings them back.";
    return confirmed({
      question: `${verb} ${what}?`,
      text,
      action: isReplay ? "Replay" : "Drop for good",
      isDangerous: !isReplay,
    });
  }

  async #run(verb, work) {
    const done = verb === "Replay" ? "replayed" : "dropped";
    await this.#page.act(work, (sum) => `${count(sum, "letter")} ${done}.`);
    this.#before = [];
    this.#refresh();
  }
}
