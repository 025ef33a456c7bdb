import { make } from "./dom.js";
import { Charts } from "./figures.js";
import { bound, count, duration, greatest, number, rate, sum } from "./format.js";
import { head, sign, table, topicChoice } from "./parts.js";
import { link } from "./router.js";
import { troubles } from "./trouble.js";

const queuesOf = ({ queues }) => [queues?.inbound, queues?.outbox].filter(Boolean);
const waiting = (topic) => sum(queuesOf(topic).map(({ pending }) => pending));
const oldest = (topic) => greatest(queuesOf(topic).map((queue) => queue.oldest_seconds));
const dead = (topic) => sum(queuesOf(topic).map((queue) => queue.dead));

/** Everything at a glance: what asks for attention, figures, charts, topics. */
export function overview(page) {
  const charts = new Charts(page);
  let chosen = "";
  const shown = () => (page.topics.includes(chosen) ? [chosen] : page.topics);
  const choose = (event) => {
    chosen = event.target.value;
    page.draw();
  };
  return {
    render() {
      const { overview: found } = page;
      const title = head("Overview", null, page.topics.length > 1 && topicChoice(page, chosen, { onchange: choose }), charts.range());
      if (!found) return [title, make("p", { class: "faint quiet" }, "Reading …")];
      return [title, attention(found), tiles(page, shown()), charts.render(), topics(page, found.topics ?? [])];
    },
    drawn: (root) => charts.drawn(root, shown()),
  };
}

/** What asks for attention, or that nothing does. */
function attention(found) {
  const all = troubles(found);
  if (all.length === 0) {
    const running = (found.processes ?? []).filter(({ state }) => state === "running").length;
    const late = greatest((found.topics ?? []).map(oldest));
    const text = `${count(running, "process runs", "processes run")}, ${late === null ? "nothing waits" : `the oldest message waits for ${duration(late)}`}.`;
    return make("p", { class: "well", "data-key": "attention" }, make("strong", {}, "All is well. "), text);
  }
  const row = ({ key, look, title, text, action }) =>
    make("li", { "data-key": key, "data-look": look },
      make(action ? "a" : "div", { href: action?.href }, make("strong", {}, title), make("span", { class: "under" }, text), action && make("span", { class: "way" }, action.text)));
  return make("section", { class: "attention", "aria-label": "What asks for attention", "data-key": "attention" }, make("ul", {}, all.map(row)));
}

function tiles(page, names) {
  const { topics = [], processes = [] } = page.overview;
  const chosen = topics.filter(({ name }) => names.includes(name));
  const live = processes.filter(({ state }) => state !== "stopped");
  const running = live.filter(({ state }) => state === "running").length;
  const inHand = sum(chosen.flatMap(queuesOf).map(({ leased }) => leased));
  const tile = (name, value, help, look, href) =>
    make(href ? "a" : "div", { class: "tile", "data-key": name, "data-look": look || null, href }, make("span", { class: "name" }, name), make("span", { class: "value" }, value), make("span", { class: "help" }, help));
  const buried = sum(chosen.map(dead));
  const late = greatest(chosen.map(oldest));
  return make("div", { class: "tiles", "data-key": "tiles" },
    tile("Waiting", number(sum(chosen.map(waiting))), `${number(inHand)} in hand`, "", link("stuck")),
    tile("Oldest message", late === null ? "–" : duration(late), "waits longest", late > 60 ? "warn" : "", link("stuck")),
    tile("Received", rate(page.history.rate("received", names)), `${number(sum(chosen.map(({ totals }) => totals?.received)))} in all`),
    tile("Sent", rate(page.history.rate("sent", names)), `${number(sum(chosen.map(({ totals }) => totals?.sent)))} in all`),
    tile("Dead letters", number(buried), "given up", buried ? "warn" : "", link("dead")),
    tile("Processes", number(running), running === live.length ? "all report" : `${number(live.length - running)} lost`, running === live.length ? "" : "bad", link("processes")));
}

/** Whether a topic works, in a word. */
export function condition({ pauses = [], budgets = [] }) {
  if (pauses.some(({ scope }) => scope === "*")) return sign("warn", "Paused");
  if (pauses.length) return sign("bad", count(pauses.length, "pause"));
  if (budgets.some(({ left }) => left === 0)) return sign("warn", "Budget spent");
  return sign("good", "Works");
}

function topics(page, all) {
  const columns = [
    { name: "Topic", cell: ({ name, handler }) => [make("a", { href: link("topic", { argument: name }) }, make("strong", {}, name)), make("span", { class: "faint under" }, handler)] },
    { name: "State", cell: condition },
    { name: "Incoming", look: "right", cell: ({ queues }) => number(queues?.inbound?.pending) },
    { name: "Outgoing", look: "right", cell: ({ queues }) => number(queues?.outbox?.pending) },
    { name: "Oldest", look: "right", cell: (topic) => duration(oldest(topic)) },
    { name: "Received", look: "right", cell: ({ name }) => rate(page.history.rate("received", [name])) },
    { name: "Sent", look: "right", cell: ({ name }) => rate(page.history.rate("sent", [name])) },
    { name: "End to end", look: "right", cell: ({ latency }) => bound(latency?.end_to_end, "p99") },
    { name: "Dead", look: "right", cell: (topic) => number(dead(topic)) },
  ];
  return make("section", { class: "card flush", "aria-label": "Topics", "data-key": "topics" }, make("h2", {}, "Topics"), table("Topics", columns, all, ({ name }) => name));
}
