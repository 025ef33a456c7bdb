import { Chart } from "./chart.js";
import { bar, make } from "./dom.js";
import { bound, duration, number, rate } from "./format.js";
import { choice, table } from "./parts.js";

/** Ranges of the charts, in minutes. */
const RANGES = [["15", "15 minutes"], ["60", "1 hour"], ["360", "6 hours"]];

/** Steps of a scale of durations, in seconds. */
const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800];

const SPECS = {
  backlog: { title: "Backlog", help: "messages that wait or are in hand", format: number, series: [{ name: "inbound", label: "incoming" }, { name: "outbox", label: "outgoing" }] },
  rates: { title: "Rates", help: "messages a second", format: rate, least: 0.1, series: [{ name: "received", label: "received" }, { name: "handled", label: "handled" }, { name: "sent", label: "sent" }, { name: "failed", label: "failed" }] },
  oldest: { title: "Oldest waiting", help: "age of the message that waits longest", format: duration, incs: SPANS, series: [{ name: "oldest_seconds", label: "oldest" }] },
  latency: { title: "Latency", help: "99 % are faster; since this page was opened", format: duration, isLog: true, series: [{ name: "call", label: "call" }, { name: "handler", label: "handler" }, { name: "send", label: "send" }, { name: "end_to_end", label: "end to end" }] },
};

/** Charts of topics over time. They are made once and drawn again with each overview. */
export class Charts {
  #page;
  #charts = Object.entries(SPECS).map(([name, spec]) => [name, new Chart(spec)]);
  #minutes = "60";

  constructor(page) {
    this.#page = page;
  }

  /** A choice of the range. */
  range() {
    const onchange = (event) => {
      this.#minutes = event.target.value;
      this.#page.draw();
    };
    return choice("Last", RANGES, { value: this.#minutes, onchange });
  }

  /** Places of the charts, which `drawn` fills. */
  render() {
    const place = ([name]) => make("div", { class: "card", "data-kept": true, "data-chart": name });
    return make("div", { class: "charts", "data-key": "charts" }, this.#charts.map(place));
  }

  /** Draws the charts of topics into their places. */
  drawn(root, topics) {
    const now = Date.now() / 1_000;
    const from = now - Number(this.#minutes) * 60;
    const { history } = this.#page;
    history.read(topics).then((isNew) => isNew && this.#page.draw());
    const columns = history.columns(topics, from, now);
    const latencies = history.latencies(topics, from);
    for (const [name, chart] of this.#charts) {
      const place = root.querySelector(`[data-chart=${name}]`);
      if (!place) continue;
      if (chart.element.parentElement !== place) place.append(chart.element);
      if (name === "latency") chart.draw(latencies, Math.min(latencies.times[0] ?? now, now - 60), now);
      else chart.draw(columns, from, now);
    }
  }
}

const KINDS = [["call", "Answer to a call"], ["handler", "Handler"], ["send", "Send"], ["end_to_end", "End to end"]];

/** Latencies of a topic, each with a bar from the half to 99 % on a scale from 1 ms to 5 min. */
export function latencies(latency) {
  const columns = [
    { name: "Step", cell: ({ title }) => title },
    { name: "Half within", look: "right", cell: ({ it }) => bound(it, "p50") },
    { name: "99 % within", look: "right", cell: ({ it }) => bound(it, "p99") },
    { name: "Measured", look: "right", cell: ({ it }) => number(it?.count ?? 0) },
    { name: "1 ms to 5 min", look: "spread", isPlain: true, cell: ({ it }) => spread(it) },
  ];
  return table("Latencies", columns, KINDS.map(([name, title]) => ({ title, it: latency?.[name] })), ({ title }) => title);
}

/** Returns the place of a duration on a logarithmic scale of 100. */
const place = (seconds) => Math.min(100, Math.max(0, ((Math.log10(Math.max(seconds ?? 300, 0.001)) + 3) / 5.477) * 100));

function spread(latency) {
  if (!latency?.count) return bar(null, []);
  const from = Math.min(97, place(latency.p50));
  return bar(null, [{ look: "fill", from, length: Math.max(3, place(latency.p99) - from) }]);
}
