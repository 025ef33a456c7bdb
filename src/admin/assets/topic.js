import { bar, make } from "./dom.js";
import { Charts, latencies } from "./figures.js";
import { count, duration, number, queueName, rate } from "./format.js";
import { condition } from "./overview.js";
import { budgetList } from "./budgets.js";
import { pauseList, pauseTopic } from "./pauses.js";
import { action, card, empty, facts, head, table } from "./parts.js";
import { link } from "./router.js";

/** One topic: its queues, times, retries, pauses and budgets. */
export function topic(page, { argument: name }) {
  const charts = new Charts(page);
  const find = () => page.overview?.topics?.find((it) => it.name === name);
  return {
    render() {
      const found = find();
      if (!found) return [head(name), page.overview ? empty("There is no such topic.", "It may have been removed from topics.toml.") : make("p", { class: "faint quiet" }, "Reading …")];
      const help = [`Handler ${found.handler ?? "–"}`, (found.transports ?? []).join(", ")].filter(Boolean).join(" · ");
      const isPaused = (found.pauses ?? []).some(({ scope }) => scope === "*");
      return [
        head(name, help, condition(found), !isPaused && action(page, "Pause", () => pauseTopic(page, name)), charts.range()),
        make("div", { class: "pair", "data-key": "queues" }, ["inbound", "outbox"].map((queue) => queueCard(name, queue, found.queues?.[queue]))),
        pauses(page, found),
        charts.render(),
        make("div", { class: "pair", "data-key": "details" }, totals(page, found), retries(found)),
        make("section", { class: "card flush", "aria-label": "Latency", "data-key": "latency" }, make("h2", {}, "Latency"), latencies(found.latency)),
        found.budgets?.length ? make("section", { class: "card", "aria-label": "Budgets", "data-key": "budgets" }, make("h2", {}, "Budgets"), budgetList(page, found)) : null,
      ];
    },
    drawn: (root) => find() && charts.drawn(root, [name]),
  };
}

const STATES = [
  ["leased", "in hand"],
  ["ready", "ready"],
  ["delayed", "to be tried again"],
  ["suspect", "suspect"],
];

/** A queue: its messages, and its mailboxes by the state of the first message. */
function queueCard(topicName, name, queue) {
  if (!queue) return card(queueName(name), empty("Nothing is known of this queue."));
  const { pending, scheduled, dead, oldest_seconds: oldest } = queue;
  const total = STATES.reduce((sum, [state]) => sum + (queue[state] ?? 0), 0);
  let from = 0;
  const rectangles = STATES.filter(([state]) => queue[state]).map(([state]) => {
    const length = (queue[state] / total) * 100;
    from += length;
    return { look: state, from: from - length, length };
  });
  const key = ([state, text]) => make("li", {}, make("span", { class: "dot", "data-state": state, "aria-hidden": "true" }), `${text} `, make("strong", {}, number(queue[state] ?? 0)));
  return make("section", { class: "card", "aria-label": `Messages, ${queueName(name)}`, "data-key": name },
    make("h2", {}, name === "inbound" ? "Incoming" : "Outgoing"),
    make("p", { class: "big" }, make("strong", {}, number(pending)), ` ${pending === 1 ? "message waits" : "messages wait"}`, oldest !== null && oldest !== undefined ? `, the oldest for ${duration(oldest)}` : ""),
    bar(null, rectangles),
    make("ul", { class: "key", "aria-label": "Mailboxes by state" }, STATES.map(key)),
    make("p", { class: "links" }, make("a", { href: link("stuck", { topic: topicName }) }, "Slow and stuck"), make("a", { href: link("dead", { topic: topicName, queue: name }) }, count(dead ?? 0, "dead letter")), make("span", { class: "faint" }, `${number(scheduled ?? 0)} scheduled`)));
}

function pauses(page, found) {
  if (!found.pauses?.length) return null;
  return make("section", { class: "card flush", "aria-label": "Pauses", "data-key": "pauses" }, make("h2", {}, "Pauses"), pauseList(page, found.pauses.map((pause) => ({ ...pause, topic: found.name }))));
}

function totals(page, { name, totals = {}, opt_outs: optOuts, sockets, backlog_per_worker: backlog }) {
  const counter = (key, label) => [label, make("span", {}, number(totals[key]), make("span", { class: "faint" }, ` · ${rate(page.history.rate(key, [name]))}`))];
  return card("Since the processes started", facts([
    counter("received", "Received"), counter("handled", "Handled"), counter("sent", "Sent"), counter("failed", "Failed"),
    ["Tried again", number(totals.retried)], ["Conflicts", number(totals.conflicts)], ["Segments", number(totals.segments)],
    ["Opt-outs", number(optOuts)], ["Sockets", number(sockets)], ["Waiting for each worker", number(backlog)],
  ]));
}

function retries({ retries: all = [] }) {
  const columns = [
    { name: "Reason", cell: ({ reason }) => reason ?? "–" },
    { name: "Queue", cell: ({ queue }) => queueName(queue) },
    { name: "Times", look: "right", cell: ({ count: times }) => number(times) },
  ];
  const sorted = [...all].sort((one, other) => (other.count ?? 0) - (one.count ?? 0));
  const content = sorted.length ? table("Retries", columns, sorted, ({ queue, reason }) => `${queue} ${reason}`) : empty("Nothing had to be tried again.");
  return make("section", { class: "card flush", "aria-label": "Retries by reason", "data-key": "retries" }, make("h2", {}, "Retries by reason"), content);
}
