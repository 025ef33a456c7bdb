import { make } from "./dom.js";
import { bytes, duration, queueName, secondsBetween } from "./format.js";
import { check, empty, facts, head, messageLink, sign } from "./parts.js";

const ORDER = { lost: 0, running: 1, stopped: 2 };
const LOOKS = { lost: ["bad", "Lost"], running: ["good", "Runs"], stopped: ["", "Stopped"] };

/** Web and worker processes, with their heartbeats and what each has in hand. */
export function processes(page) {
  let withStopped = false;
  return {
    render() {
      const all = page.overview?.processes ?? [];
      const shown = all.filter(({ state }) => withStopped || state !== "stopped").sort((one, other) => ORDER[one.state] - ORDER[other.state] || `${one.role}${one.host}${one.id}`.localeCompare(`${other.role}${other.host}${other.id}`));
      const toggle = (event) => {
        withStopped = event.target.checked;
        page.draw();
      };
      const title = head("Processes", "Each reports every 5 seconds. One that is lost has not said goodbye.", all.some(({ state }) => state === "stopped") && check("Show stopped", withStopped, toggle));
      if (!page.overview) return [title, make("p", { class: "faint quiet" }, "Reading …")];
      if (!shown.length) return [title, empty("No process has reported.", "It takes up to 5 seconds after a start.")];
      return [title, make("ul", { class: "processes", "data-key": "processes" }, shown.map((it) => process(it, page.overview.at)))];
    },
  };
}

function process(it, now) {
  const [look, word] = LOOKS[it.state] ?? ["", it.state];
  const age = secondsBetween(it.at, now);
  const inHand = it.in_hand ?? [];
  return make("li", { class: "card process", "data-key": it.id, "data-state": it.state },
    make("div", { class: "row middle" }, make("h2", {}, `${it.role ?? "process"} `, make("span", { class: "faint" }, it.host)), sign(look, word)),
    facts([
      ["Heartbeat", age === null ? "–" : `${duration(Math.round(age))} ago`],
      ["Runs for", duration(secondsBetween(it.started_at, it.state === "running" ? now : it.at))],
      ["Memory", bytes(it.memory_bytes)],
      ["Processor", typeof it.cpu === "number" ? `${Math.round(it.cpu * 100)} %` : null],
      ["Version", it.version],
      ["Id", make("span", { class: "id" }, it.id)],
      ["Topics", (it.topics ?? []).join(", ") || "–"],
    ]),
    inHand.length ? handful(inHand) : make("p", { class: "faint" }, "Nothing in hand"));
}

/** Messages that a process works on. */
function handful(all) {
  const row = ({ topic, queue, message, attempt, seconds }) =>
    make("li", { "data-key": `${queue} ${message}` }, messageLink(message), make("span", { class: "faint" }, `${topic}, ${queueName(queue)}, ${duration(seconds)}`, attempt > 1 ? `, attempt ${attempt}` : ""));
  return make("div", { class: "hand" }, make("h3", {}, `In hand (${all.length})`), make("ul", {}, all.map(row)));
}
