import { count, duration, number, queueName, sentence, sum } from "./format.js";
import { link } from "./router.js";

/** Age of the oldest waiting message that is worth a look, in seconds. */
const LATE = 60;

const queuesOf = ({ queues }) => Object.entries(queues ?? {}).filter(([, queue]) => queue);
const toTopic = ({ name }) => ({ text: "Open the topic", href: link("topic", { argument: name }) });

/** Returns what asks for attention in an overview, the worst first, each with a way to mend it. */
export function troubles(overview) {
  const { store, topics = [], processes = [] } = overview;
  const found = [...ofStore(store), ...ofProcesses(processes, topics), ...topics.flatMap(ofTopic)];
  return found.sort((one, other) => (one.look === "bad" ? 0 : 1) - (other.look === "bad" ? 0 : 1));
}

function ofStore(store) {
  if (!store) return [];
  const away = store.ready === false ? [{ key: "store", look: "bad", title: "The store is not ready", text: "Calls of providers are refused until it is, and nothing is handled." }] : [];
  const problems = (store.problems ?? []).map((text, index) => ({ key: `store-${index}`, look: "warn", title: "The store could be safer", text: sentence(text) }));
  return [...away, ...problems];
}

function ofProcesses(processes, topics) {
  const lost = processes.filter(({ state }) => state === "lost");
  const works = ({ state, role }) => state === "running" && role !== "web";
  const found = lost.map((it) => ({ key: `lost-${it.id}`, look: "bad", title: `${it.role} on ${it.host} is lost`, text: "It has not reported, and has not said that it ends. What it had in hand is done again after its lease.", action: { text: "Processes", href: link("processes") } }));
  const idle = processes.length > 0 && !processes.some(works) && topics.length > 0;
  return idle ? [...found, { key: "workers", look: "bad", title: "No worker runs", text: "Messages are accepted and wait. Start a worker." }] : found;
}

function ofTopic(topic) {
  const { name, pauses = [], budgets = [] } = topic;
  const dead = sum(queuesOf(topic).map(([, queue]) => queue.dead));
  const late = queuesOf(topic).filter(([, queue]) => queue.oldest_seconds > LATE);
  const suspect = sum(queuesOf(topic).map(([, queue]) => queue.suspect));
  const found = pauses.map((pause) => ofPause(name, pause));
  for (const { scope, left, limit } of budgets.filter((it) => it.left === 0)) {
    found.push({ key: `budget-${name}-${scope}`, look: "warn", title: `${name}: the budget is spent`, text: `All ${number(limit)} segments of today (${scope}) are spent. Messages wait until midnight UTC.`, action: { text: "Budgets", href: link("budgets") } });
  }
  for (const [queue, { oldest_seconds: age }] of late) {
    found.push({ key: `late-${name}-${queue}`, look: "warn", title: `${name}: an ${queueName(queue)} message waits for ${duration(age)}`, text: "See where it stands, and what is before it.", action: { text: "Slow and stuck", href: link("stuck", { topic: name }) } });
  }
  if (suspect > 0) found.push({ key: `suspect-${name}`, look: "warn", title: `${name}: ${count(suspect, "suspect mailbox", "suspect mailboxes")}`, text: "A worker ended while it had a message of it in hand. It is tried again alone.", action: toTopic(topic) });
  if (dead > 0) found.push({ key: `dead-${name}`, look: "warn", title: `${name}: ${count(dead, "dead letter")}`, text: "Messages that were given up. Replay them once the cause is mended.", action: { text: "Look at them", href: link("dead", { topic: name }) } });
  return found;
}

function ofPause(name, { scope, shown, remaining_seconds: left, reason, by_operator: isOurs }) {
  const what = scope === "*" || !shown ? "everything" : shown;
  const ends = typeof left === "number" ? ` It ends in ${duration(left)}.` : isOurs ? " It lasts until it is resumed." : "";
  return {
    key: `pause-${name}-${scope}`,
    look: isOurs ? "warn" : "bad",
    title: `${name}: ${what} is paused`,
    text: `${sentence(reason ?? "no reason is given")}${ends} Messages are kept.`,
    action: { text: "Pauses", href: link("pauses") },
  };
}
