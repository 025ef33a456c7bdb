import { withQuery } from "./api.js";
import { make } from "./dom.js";
import { duration, number, queueName } from "./format.js";
import { empty, head, lasting, messageLink, sign, stateOf, table, topicChoice } from "./parts.js";
import { keep, link } from "./router.js";

const STATES = {
  ready: ["", "ready"],
  leased: ["good", "in hand"],
  delayed: ["warn", "tried again"],
  suspect: ["bad", "suspect"],
  scheduled: ["", "scheduled"],
};

/** Columns of messages that wait, each the first of its mailbox. */
export const WAITING = [
  { name: "Waits for", cell: ({ seconds_old: age }) => lasting(age) },
  { name: "Topic", cell: ({ topic, queue }) => [make("a", { href: link("topic", { argument: topic }) }, topic), make("span", { class: "faint under" }, queueName(queue))] },
  { name: "Message", cell: ({ message }) => messageLink(message) },
  { name: "Person", cell: ({ person }) => person ?? "–" },
  { name: "State", cell: ({ state, next_try_seconds: next }) => [sign(...(STATES[state] ?? ["", state])), typeof next === "number" && make("span", { class: "faint under" }, `in ${duration(next)}`)] },
  { name: "Attempts", look: "right", cell: ({ attempts, failures }) => (failures ? `${number(attempts)}, ${number(failures)} failed` : number(attempts)) },
  { name: "Behind it", look: "right", cell: ({ behind }) => number(behind) },
];

/** Messages that wait longest, the oldest first. */
export function stuck(page, { parameters }) {
  let chosen = parameters.get("topic") ?? "";
  const path = () => withQuery("stuck", { topic: chosen });
  const source = page.source(path(), 5);
  const choose = (event) => {
    chosen = event.target.value;
    keep({ topic: chosen });
    source.follow(path());
  };
  return {
    render() {
      const all = source.data?.messages ?? [];
      const title = head("Slow and stuck", "The first message of each mailbox, the oldest first. The messages behind it wait for it.", topicChoice(page, chosen, { onchange: choose }));
      const rows = all.length ? make("section", { class: "card flush", "aria-label": "Messages that wait", "data-key": "rows" }, table("Messages that wait", WAITING, all, ({ queue, message }) => `${queue} ${message}`)) : null;
      const none = source.data && !all.length ? empty("Nothing waits.", "Messages are handled and sent as they come.") : null;
      return [title, stateOf(source), rows, none];
    },
  };
}
