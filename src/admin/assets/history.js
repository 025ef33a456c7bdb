import { get, withQuery } from "./api.js";

/** Interval between two points, in seconds, as the server samples. */
const STEP = 10;
/** Points of a topic that are kept: six hours. */
const KEPT = 2_160;
/** Age at which the last point of a topic stands for nothing any more, in seconds. */
const STALE = 60;
/** Seconds over which a rate is measured. Processes report their totals every 5 s. */
const WINDOW = 30;

const COUNTERS = ["received", "handled", "sent", "failed"];
const LATENCIES = ["call", "handler", "send", "end_to_end"];

const secondsOf = (at) => new Date(at).getTime() / 1_000;
const level = (queue) => queue?.pending ?? null;
const worst = (values) => values.reduce((most, it) => (it > (most ?? -1) ? it : most), null);

/** Figures of all topics over time: what the server has sampled, and what the page has seen since. */
export class History {
  #points = new Map();
  #recent = [];
  #latencies = [];
  #asked = new Map();

  /** Takes an overview in. */
  take(overview) {
    const at = secondsOf(overview.at ?? new Date());
    const topics = overview.topics ?? [];
    this.#recent = [...this.#recent.filter((it) => at - it.at <= WINDOW && at > it.at), { at, topics }];
    this.#latencies = [...this.#latencies, { at, topics }].slice(-KEPT);
    for (const topic of topics) this.#extend(at, topic);
  }

  #extend(at, { name, totals = {}, queues = {} }) {
    const points = this.#points.get(name) ?? [];
    if (at - (points.at(-1)?.at ?? 0) < STEP) return;
    const { inbound, outbox } = queues;
    const oldest = worst([inbound?.oldest_seconds, outbox?.oldest_seconds]);
    const point = { at, inbound: level(inbound), outbox: level(outbox), oldest_seconds: oldest };
    for (const name of COUNTERS) point[name] = totals[name] ?? null;
    this.#points.set(name, [...points, point].slice(-KEPT));
  }

  /** Reads the samples of topics from the server, unless the page has followed them since the last time. */
  async read(topics, now = Date.now() / 1_000) {
    const due = topics.filter((topic) => now - (this.#asked.get(topic) ?? 0) > 300);
    for (const topic of due) this.#asked.set(topic, now);
    await Promise.allSettled(due.map((topic) => this.#readOne(topic)));
    return due.length > 0;
  }

  async #readOne(topic) {
    try {
      const answer = await get(withQuery("history", { topic }));
      const read = (answer?.points ?? []).map((point) => ({ ...point, at: secondsOf(point.at) }));
      const last = read.at(-1)?.at ?? 0;
      const seen = (this.#points.get(topic) ?? []).filter(({ at }) => at > last + STEP / 2);
      this.#points.set(topic, [...read.sort((one, other) => one.at - other.at), ...seen].slice(-KEPT));
    } catch (failure) {
      this.#asked.set(topic, Date.now() / 1_000 - 270);
      throw failure;
    }
  }

  /** Returns how many a second a counter of topics rises now, or null while that is not known. */
  rate(counter, topics) {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)];
    if (!first || last.at - first.at < 4) return null;
    const total = ({ topics: all }) => {
      const found = all.filter(({ name }) => topics.includes(name)).map(({ totals }) => totals?.[counter] ?? 0);
      return found.reduce((sum, it) => sum + it, 0);
    };
    const rise = total(last) - total(first);
    return rise < 0 ? null : rise / (last.at - first.at);
  }

  /** Returns columns for charts: times, and for each name the sums over topics, from a time on. */
  columns(topics, from, to) {
    const start = Math.ceil(from / STEP) * STEP;
    const times = Array.from({ length: Math.max(0, Math.floor((to - start) / STEP) + 1) }, (_, index) => start + index * STEP);
    const columns = { times };
    const each = topics.map((topic) => this.#aligned(this.#points.get(topic) ?? [], times));
    for (const name of ["inbound", "outbox", "oldest_seconds", ...COUNTERS]) {
      const join = name === "oldest_seconds" ? (one, other) => Math.max(one, other) : (one, other) => one + other;
      columns[name] = times.map((_, index) => {
        const found = each.map((aligned) => aligned[name][index]).filter((it) => it !== null);
        return found.length ? found.reduce(join) : null;
      });
    }
    return columns;
  }

  /** Places the points of one topic at given times; counters become rates. */
  #aligned(points, times) {
    const aligned = { inbound: [], outbox: [], oldest_seconds: [] };
    for (const name of COUNTERS) aligned[name] = [];
    let next = 0;
    for (const time of times) {
      while (next < points.length && points[next].at <= time) next += 1;
      const point = points[next - 1];
      const isFresh = point && time - point.at <= STALE;
      aligned.inbound.push(isFresh ? point.inbound ?? null : null);
      aligned.outbox.push(isFresh ? point.outbox ?? null : null);
      aligned.oldest_seconds.push(isFresh ? point.oldest_seconds ?? 0 : null);
      const before = points[next - 2];
      for (const name of COUNTERS) aligned[name].push(isFresh && before ? rise(before, point, name) : null);
    }
    return aligned;
  }

  /** Returns columns of the latencies that 99 % stay below, which the page has seen since it was opened. */
  latencies(topics, from) {
    const seen = this.#latencies.filter(({ at }) => at >= from);
    const columns = { times: seen.map(({ at }) => at) };
    for (const name of LATENCIES) {
      columns[name] = seen.map(({ topics: all }) => worst(all.filter((it) => topics.includes(it.name)).map(({ latency }) => latency?.[name]?.p99)));
    }
    return columns;
  }
}

/** Returns a rate. A total that falls is that of processes that have ended: nothing is known then. */
function rise(before, point, name) {
  const [from, to] = [before[name], point[name]];
  if (from === null || from === undefined || to === null || to === undefined || to < from) return null;
  return (to - from) / Math.max(1, point.at - before.at);
}
