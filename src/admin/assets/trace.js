import { search as searchFor, withQuery } from "./api.js";
import { make } from "./dom.js";
import { count, duration, seconds, secondsBetween } from "./format.js";
import { check, choice, empty, field, head, messageLink, moment, sign, stateOf, table } from "./parts.js";
import { isId, keep } from "./router.js";
import { WAITING } from "./stuck.js";

const SINCE = [
  ["", "all that is kept"],
  ["1h", "the last hour"],
  ["1d", "the last day"],
  ["7d", "the last week"],
];
const LOOKS = {
  good: ["delivered", "handled", "recorded", "sent"],
  warn: ["retried", "unknown", "held", "scheduled", "replayed"],
  bad: ["rejected", "failed", "buried", "dropped", "discarded", "cancelled"],
};
/** Seconds between two readings while a trace is followed. */
const FOLLOWED = 3;

/** Returns the moment from which on events are shown. */
const startOf = (since) => (since ? new Date(Date.now() - seconds(since) * 1_000).toISOString() : "");

const lookOf = (event) => Object.keys(LOOKS).find((look) => LOOKS[look].includes(event)) ?? "";

/** Everything that became of a message or a person, in the order of time. */
export function trace(page, { parameters }) {
  let wanted = parameters.get("q") ?? "";
  let since = "";
  let isFollowed = false;
  let source = null;
  const search = () => {
    source?.close();
    const query = { q: wanted, since: startOf(since) };
    const asked = isId(wanted) ? withQuery("trace", query) : searchFor("trace", query);
    source = wanted ? page.source(asked, isFollowed ? FOLLOWED : 0) : null;
    page.draw();
  };
  const submit = (event) => {
    event.preventDefault();
    wanted = new FormData(event.currentTarget).get("q").trim();
    // Ids may stand in the address, and so in the browser's history; numbers never do.
    keep({ q: isId(wanted) ? wanted : "" });
    search();
  };
  const form = () =>
    make(
      "form",
      { class: "row fields", "data-key": "search", role: "search", "aria-label": "Trace", onsubmit: submit },
      field(page.canWrite ? "Message id or number" : "Message id", {
        name: "q",
        value: wanted,
        class: "grow",
        required: true,
        placeholder: page.canWrite ? "twilio:SM0123… or +14155550101" : "twilio:SM0123…",
      }),
      choice("Since", SINCE, {
        value: since,
        onchange: (event) => {
          since = event.target.value;
          search();
        },
      }),
      make("button", { class: "primary" }, "Trace"),
      check("Follow", isFollowed, (event) => {
        isFollowed = event.target.checked;
        search();
      }),
    );
  if (wanted) search();
  return {
    render: () =>
      [
        head(
          "Trace",
          "What became of a message or of all messages of a person, across web, workers and providers.",
        ),
        form(),
        source && stateOf(source),
        ...results(source?.data),
      ].filter(Boolean),
  };
}

function results(data) {
  if (!data) return [];
  const { events = [], now = [], skipped = 0 } = data;
  if (!events.length && !now.length)
    return [
      empty(
        "Nothing is known of it.",
        "Events are kept for the retention of the topic. Check the id or the number, with its + and country.",
      ),
    ];
  const waiting =
    now.length > 0 &&
    make(
      "section",
      { class: "card flush", "aria-label": "Waits now", "data-key": "now" },
      make("h2", {}, "Waits now"),
      table("Waits now", WAITING, now, ({ queue, message }) => `${queue} ${message}`),
    );
  // Messages in the order of their last event, the newest first; one person may have many.
  const messages = Map.groupBy(events, ({ topic, message }) => `${topic} ${message}`);
  const stories = [...messages.values()].sort(
    (one, other) => new Date(other.at(-1).at) - new Date(one.at(-1).at),
  );
  const total = make(
    "p",
    { class: "faint quiet", role: "status", "data-key": "total" },
    `${count(stories.length, "message")}, ${count(events.length, "event")}`,
    skipped > 0 && `; ${count(skipped, "older event")} not shown`,
  );
  return [waiting, total, ...stories.map(story)];
}

/** The life of one message. */
function story(events) {
  const [{ topic, message, at: start, person }] = events;
  const end = events.at(-1).at;
  return make(
    "section",
    { class: "card story", "aria-label": message, "data-key": `${topic} ${message}` },
    make(
      "div",
      { class: "row middle" },
      make("h2", {}, messageLink(message)),
      make(
        "span",
        { class: "faint" },
        [topic, person, `${duration(secondsBetween(start, end))} from first to last`]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    make(
      "ol",
      {},
      events.map((event, index) => step(event, events[index - 1])),
    ),
  );
}

function step({ at, event, actor, outbound, provider_id: provider, reason, code, segments }, before) {
  const gap = before ? secondsBetween(before.at, at) : null;
  const details = [
    reason,
    code && !reason?.includes(code) && `code ${code}`,
    segments && count(segments, "segment"),
  ]
    .filter(Boolean)
    .join(" · ");
  return make(
    "li",
    { "data-look": lookOf(event) },
    make(
      "div",
      { class: "when" },
      moment(at),
      gap !== null && make("span", { class: "faint under" }, `+${duration(gap)}`),
    ),
    make(
      "div",
      {},
      sign(lookOf(event), event),
      make("span", { class: "faint" }, ` ${actor ?? ""}`),
      details && make("p", {}, details),
      (outbound || provider) &&
        make(
          "p",
          { class: "faint" },
          outbound && "outbound ",
          outbound && make("span", { class: "id" }, outbound),
          outbound && provider && ", ",
          provider && "provider's id ",
          provider && make("span", { class: "id" }, provider),
        ),
    ),
  );
}
