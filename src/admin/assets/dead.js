import { address, post, withQuery } from "./api.js";
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
    return withQuery("dead", { ...this.#filter, before: this.#before.at(-1), limit: PAGE, show: this.#isShown });
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
    const title = head("Dead letters", "Messages that were given up, the newest first. A replayed one goes to the end of its mailbox.", showing);
    const found = this.#source?.data;
    const letters = found?.letters ?? [];
    const none = found && !letters.length && empty("No dead letters.", this.#isFiltered() ? "None match this filter." : "Every message of this topic was handled and sent, or waits.");
    return [
      title,
      filters(this.#page, this.#filter, (changed) => this.#set(changed)),
      this.#source && stateOf(this.#source),
      letters.length ? make("section", { class: "card flush", "aria-label": "Dead letters", "data-key": "letters" }, this.#bar(found), letterTable(this.#page, letters, this.#chosen, this.#isShown), this.#pager(found)) : null,
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
    const heading = make("p", { class: "total" }, make("strong", {}, some ? `${number(some)} of ${number(all)} selected` : count(all, "letter")));
    const one = (verb, look) => action(page, some ? `${verb} ${number(some)}` : `${verb} all`, () => (some ? this.#doSome(verb) : this.#doAll(verb, all)), { class: look, disabled: all === 0 });
    const link = page.canWrite && make("a", { class: "button", href: address(withQuery("dead/export", { ...this.#filter })), download: "dead-letters.csv" }, "Export as CSV");
    return make("div", { class: "row middle bar-of-actions", "data-key": "bar" }, heading, one("Replay", "primary"), one("Drop", "danger"), link);
  }

  #pager({ next }) {
    const move = (change) => () => {
      change();
      this.#refresh();
    };
    if (!next && !this.#before.length) return null;
    return make("div", { class: "row pager", "data-key": "pager" },
      make("button", { type: "button", disabled: !this.#before.length, onclick: move(() => this.#before.pop()) }, "Newer"),
      make("button", { type: "button", disabled: !next, onclick: move(() => this.#before.push(next)) }, "Older"));
  }

  async #doSome(verb) {
    const letters = [...this.#chosen.values()];
    if (!(await this.#isConfirmed(verb, count(letters.length, "letter")))) return;
    // Ids belong to a queue, so each queue has calls of its own.
    const queues = [...new Set(letters.map(({ queue }) => queue))];
    const bodies = queues.flatMap((queue) => {
      const ids = letters.filter((it) => it.queue === queue).map(({ id }) => id);
      return Array.from({ length: Math.ceil(ids.length / STEP) }, (_, index) => ({ topic: this.#filter.topic, queue, ids: ids.slice(index * STEP, (index + 1) * STEP) }));
    });
    const step = async () => {
      const answer = await post(`dead/${verb.toLowerCase()}`, bodies.shift());
      return { done: answer?.done ?? 0, left: bodies.length };
    };
    await this.#run(verb, letters.length, step);
  }

  async #doAll(verb, total) {
    const { topic, queue, reason, person } = this.#filter;
    const filter = Object.fromEntries(Object.entries({ queue, reason, person }).filter(([, value]) => value));
    const scope = Object.keys(filter).length ? "that match the filter" : `of ${topic}`;
    if (!(await this.#isConfirmed(verb, `all ${number(total)} letters ${scope}`))) return;
    const step = (left) => post(`dead/${verb.toLowerCase()}`, { topic, ...filter, all: true, limit: Math.min(STEP, left) });
    await this.#run(verb, total, step);
  }

  #isConfirmed(verb, what) {
    const isReplay = verb === "Replay";
    const text = isReplay
      ? "Each goes to the end of its mailbox, and is handled or sent as if it had just come. Replay them only after the cause is mended."
      : "They are removed for good, and nothing brings them back.";
    return confirmed({ question: `${verb} ${what}?`, text, action: isReplay ? "Replay" : "Drop for good", isDangerous: !isReplay });
  }

  async #run(verb, total, step) {
    const [doing, done] = verb === "Replay" ? ["Replaying", "replayed"] : ["Dropping", "dropped"];
    const work = () => progress({ doing: `${doing} ${count(total, "letter")}`, total, step });
    await this.#page.act(work, (sum) => `${count(sum, "letter")} ${done}.`);
    this.#before = [];
    this.#refresh();
  }
}
