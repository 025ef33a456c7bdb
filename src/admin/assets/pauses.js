import { get, post, withQuery } from "./api.js";
import { confirmed } from "./dialog.js";
import { make } from "./dom.js";
import { duration, isWhole, seconds } from "./format.js";
import { action, acts, choice, empty, field, head, sign, table, topicChoice, writerForm } from "./parts.js";
import { complain, notice } from "./notices.js";

const TIMES = [
  ["", "until I resume it"],
  ["15m", "15 minutes"],
  ["1h", "1 hour"],
  ["8h", "8 hours"],
  ["1d", "1 day"],
];

/** Pauses of topics and lines, by providers and by operators. */
export function pauses(page) {
  let topic = "";
  let lines = [];
  const choose = async (name) => {
    topic = name;
    lines = [];
    page.draw();
    try {
      const answer = await get(withQuery("lines", { topic }));
      if (topic === name) lines = answer?.lines ?? [];
    } catch (failure) {
      complain(failure);
    }
    page.draw();
  };
  return {
    render() {
      const all = (page.overview?.topics ?? []).flatMap((it) =>
        (it.pauses ?? []).map((pause) => ({ ...pause, topic: it.name })),
      );
      if (!topic && page.canWrite && page.topics.length) choose(page.topics[0]);
      const found = all.length
        ? make(
            "section",
            { class: "card flush", "aria-label": "Pauses", "data-key": "pauses" },
            pauseList(page, all),
          )
        : page.overview &&
          empty(
            "Nothing is paused.",
            "A line is paused by itself when its provider refuses it, and tried again soon.",
          );
      return [
        head("Pauses", "What is paused keeps its messages. Nothing is lost."),
        found,
        form(page, topic, lines, choose),
      ].filter(Boolean);
    },
  };
}

/** Pauses as a table, each with a way to end it. */
export function pauseList(page, all) {
  const resume =
    ({ topic, scope, shown }) =>
    () =>
      page.act(
        () => post("pauses/resume", { topic, scope }),
        `${topic}: ${isWhole(scope) ? "everything" : shown} goes on.`,
      );
  const columns = [
    { name: "Topic", cell: ({ topic }) => make("strong", {}, topic) },
    { name: "Paused", cell: ({ scope, shown }) => (isWhole(scope) ? "everything" : (shown ?? scope)) },
    {
      name: "By",
      cell: ({ by_operator: isOurs }) => (isOurs ? sign("warn", "operator") : sign("bad", "provider")),
    },
    {
      name: "Reason",
      look: "wide",
      cell: ({ reason, code }) => `${reason ?? "–"}${code ? ` (${code})` : ""}`,
    },
    {
      name: "Ends",
      cell: ({ remaining_seconds: left }) =>
        typeof left === "number" ? `in ${duration(left)}` : "when it is resumed",
    },
    ...acts(page, (pause) => action(page, "Resume", resume(pause))),
  ];
  return table("Pauses", columns, all, ({ topic, scope }) => `${topic} ${scope}`);
}

function form(page, topic, lines, choose) {
  const submit = async ({ scope, time, reason }) => {
    const body = { topic, scope, reason: reason.trim() || undefined, seconds: seconds(time) ?? undefined };
    return page.act(() => post("pauses", body), `${topic} is paused.`);
  };
  const scopes = [["*", "everything"], ...lines.map(({ scope, shown }) => [scope, shown ?? scope])];
  const fields = writerForm(
    page,
    "pause",
    submit,
    topicChoice(page, topic, { all: null, onchange: (event) => choose(event.target.value) }),
    choice("Pause", scopes, { name: "scope" }),
    choice("For how long", TIMES, { name: "time" }),
    field("Reason", { name: "reason", maxlength: "200", class: "grow" }),
    make("button", { class: "primary" }, "Pause"),
  );
  return (
    fields &&
    make(
      "section",
      { class: "card", "aria-label": "Pause a topic or a line", "data-key": "form" },
      make("h2", {}, "Pause a topic or a line"),
      make(
        "p",
        { class: "faint" },
        "A paused topic still accepts messages. It neither handles nor sends them. A paused line sends nothing.",
      ),
      fields,
    )
  );
}

/** Pauses a whole topic, after a question. */
export async function pauseTopic(page, topic) {
  const text =
    "Messages are still accepted and kept. Within a second none is handled or sent any more, until you resume the topic.";
  if (!(await confirmed({ question: `Pause ${topic}?`, text, action: "Pause", isDangerous: false }))) return;
  if (await page.act(() => post("pauses", { topic, scope: "*" }), null)) notice(`${topic} is paused.`);
}
