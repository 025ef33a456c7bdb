import { post, withQuery } from "./api.js";
import { confirmed } from "./dialog.js";
import { make } from "./dom.js";
import { count, seconds } from "./format.js";
import { notice } from "./notices.js";
import {
  action,
  acts,
  check,
  choice,
  empty,
  field,
  head,
  moment,
  sign,
  stateOf,
  table,
  topicChoice,
  writerForm,
} from "./parts.js";

/** Seconds between two readings. */
const EVERY = 20;

/** Reports about people, and who is barred. */
export function people(page) {
  let isShown = false;
  const bans = page.source("bans", EVERY);
  const reports = page.source("reports", EVERY);
  // The audit log has a line each time that numbers are shown, so they are read once.
  const show = (event) => {
    isShown = event.target.checked;
    bans.follow(withQuery("bans", { show: isShown }), isShown ? 0 : EVERY);
    reports.follow(withQuery("reports", { show: isShown }), isShown ? 0 : EVERY);
  };
  return {
    render: () =>
      [
        head(
          "Reports and bans",
          "A barred person's messages are dropped in silence. Reports are kept for 30 days.",
          page.canWrite && check("Show numbers and texts", isShown, show),
        ),
        banCard(page, bans),
        banForm(page),
        reportCard(page, reports),
      ].filter(Boolean),
  };
}

function banCard(page, source) {
  const all = source.data?.bans ?? [];
  const lift =
    ({ topic, person, number }) =>
    async () => {
      if (
        !(await confirmed({
          question: `Lift the bar of ${number ?? "this person"}?`,
          text: `Their messages to ${topic ?? "every topic"} are handled again.`,
          action: "Lift",
          isDangerous: false,
        }))
      )
        return;
      page.act(() => post("bans/lift", { topic, person }), "The bar is lifted.");
    };
  const columns = [
    {
      name: "Person",
      cell: ({ transport, number }) => `${transport ?? ""} ${number ?? "–"}`,
    },
    { name: "Topic", cell: ({ topic }) => topic ?? "all topics" },
    { name: "Kind", cell: ({ shadow }) => (shadow ? sign("", "in the shadow") : sign("warn", "barred")) },
    { name: "Since", cell: ({ at }) => moment(at) },
    { name: "Until", cell: ({ until }) => (until ? moment(until) : "for good") },
    { name: "Reason", look: "wide", cell: ({ reason }) => reason ?? "–" },
    ...acts(page, (ban) => action(page, "Lift", lift(ban))),
  ];
  const list = all.length
    ? table("Bans", columns, all, ({ topic, person }, index) => `${topic} ${person ?? index}`)
    : source.data && empty("No person is barred.");
  return make(
    "section",
    { class: "card flush", "aria-label": "Bans", "data-key": "bans" },
    make("h2", {}, "Bans"),
    stateOf(source),
    list,
  );
}

function banForm(page) {
  const submit = async ({ topic, number, time, reason, kind }) => {
    const span = time.trim() ? seconds(time) : null;
    if (time.trim() && !span) {
      notice("Write the time as 90m, 12h or 7d, or leave it out.", { isError: true });
      return false;
    }
    const body = {
      topic: topic || undefined,
      number: number.trim(),
      for: span ?? undefined,
      shadow: kind === "shadow",
      reason: reason.trim() || undefined,
    };
    return page.act(() => post("bans", body), "The person is barred.");
  };
  const fields = writerForm(
    page,
    "ban",
    submit,
    field("Number", { name: "number", inputmode: "tel", placeholder: "+14155550101", required: true }),
    topicChoice(page, ""),
    choice(
      "Kind",
      [
        ["open", "drop what they send"],
        ["shadow", "in the shadow"],
      ],
      { name: "kind" },
    ),
    field("For (blank: for good)", { name: "time", placeholder: "7d" }),
    field("Reason", { name: "reason", maxlength: "200", class: "grow" }),
    make("button", { class: "primary" }, "Bar"),
  );
  return (
    fields &&
    make(
      "section",
      { class: "card", "aria-label": "Bar a person", "data-key": "ban" },
      make("h2", {}, "Bar a person"),
      fields,
    )
  );
}

function reportCard(page, source) {
  const bar =
    ({ topic, person, reported }) =>
    async () => {
      const text = `All that they send to ${topic} is dropped in silence, for good. Their chat ends.`;
      if (!(await confirmed({ question: `Bar ${reported}?`, text, action: "Bar" }))) return;
      page.act(() => post("bans", { topic, person, reason: "reported" }), "The person is barred.");
    };
  const all = [...(source.data?.reports ?? [])].sort((one, other) => new Date(other.at) - new Date(one.at));
  const columns = [
    { name: "When", cell: ({ at }) => moment(at) },
    { name: "Topic", cell: ({ topic }) => topic },
    { name: "Reported", cell: ({ transport, reported }) => `${transport ?? ""} ${reported ?? "–"}` },
    { name: "By", cell: ({ reporter }) => reporter ?? "–" },
    { name: "Strikes", look: "right", cell: ({ strikes }) => String(strikes ?? "–") },
    {
      name: "Texts",
      look: "wide",
      cell: ({ texts }) => (Array.isArray(texts) ? talk(texts) : count(texts ?? 0, "text")),
    },
    ...acts(page, (report) => action(page, "Bar", bar(report))),
  ];
  const list = all.length
    ? table("Reports", columns, all, ({ topic, at }, index) => `${topic} ${at} ${index}`)
    : source.data && empty("No reports.", "People report others with the command of their topic.");
  return make(
    "section",
    { class: "card flush", "aria-label": "Reports", "data-key": "reports" },
    make("h2", {}, "Reports"),
    stateOf(source),
    list,
  );
}

/** Texts of a report, each with its side. */
function talk(texts) {
  const line = ({ by_reported: isReported, text }) =>
    make(
      "li",
      {},
      make("span", { class: "faint" }, isReported ? "reported: " : "reporter: "),
      make("bdi", { class: "text" }, text),
    );
  return make("ul", { class: "talk" }, texts.map(line));
}
