import { post } from "./api.js";
import { confirmed } from "./dialog.js";
import { make } from "./dom.js";
import { number as format } from "./format.js";
import { action, acts, empty, field, head, moment, stateOf, table, topicChoice, writerForm } from "./parts.js";

/** Rows that are shown at most; a filter finds the others. */
const SHOWN = 200;

/** People who have opted out, and a way to add and to take back. */
export function optouts(page) {
  let wanted = "";
  const source = page.source("optouts", 30);
  const search = (event) => {
    wanted = event.target.value.trim().toLowerCase();
    page.draw();
  };
  return {
    render() {
      const all = source.data?.optouts ?? source.data?.opt_outs ?? [];
      const found = all.filter((row) => Object.values(row).join(" ").toLowerCase().includes(wanted));
      const list = found.length ? rows(page, found.slice(0, SHOWN)) : source.data && empty(all.length ? "None match." : "No person has opted out.", all.length ? null : "Those who write STOP are listed here.");
      const more = found.length > SHOWN && make("p", { class: "faint quiet" }, `${format(found.length - SHOWN)} more: filter to find them.`);
      return [
        head("Opt-outs", "Nothing is sent to a person on a line they have opted out of.", all.length > 0 && field("Filter", { type: "search", oninput: search })),
        stateOf(source),
        make("section", { class: "card flush", "aria-label": "Opt-outs", "data-key": "optouts" }, list, more),
        form(page),
      ].filter(Boolean);
    },
  };
}

function rows(page, all) {
  const remove = (row) => async () => {
    if (!(await confirmed({ question: `Take back the opt-out of ${row.number ?? row.shown}?`, text: "Only when the person has asked for it: they are sent messages again.", action: "Take back" }))) return;
    const { topic, person, line } = row;
    page.act(() => post("optouts/remove", { topic, person, line }), "The opt-out is taken back.");
  };
  const columns = [
    { name: "Person", cell: ({ transport, number, shown }) => `${transport ?? ""} ${shown ?? number ?? "–"}` },
    { name: "Topic", cell: ({ topic }) => topic ?? "–" },
    { name: "Line", cell: ({ line }) => line || "every line" },
    { name: "Since", cell: ({ at }) => moment(at) },
    { name: "By", look: "wide", cell: ({ source }) => source ?? "–" },
    ...acts(page, (row) => row.person && action(page, "Take back", remove(row))),
  ];
  return table("Opt-outs", columns, all, ({ topic, at }, index) => `${topic} ${at} ${index}`);
}

function form(page) {
  const submit = async ({ topic, number, line, what }) => {
    const body = { topic: topic || undefined, number: number.trim(), line: line.trim() || undefined };
    const isAdd = what === "add";
    if (!isAdd && !(await confirmed({ question: "Take back this opt-out?", text: "Only when the person has asked for it: they are sent messages again.", action: "Take back" }))) return false;
    return page.act(() => post(isAdd ? "optouts" : "optouts/remove", body), isAdd ? "The person has opted out." : "The opt-out is taken back.");
  };
  const fields = writerForm(page, "optout", submit,
    make("label", {}, "Do", make("select", { name: "what" }, make("option", { value: "add" }, "opt out, as by STOP"), make("option", { value: "remove" }, "take back, as by START"))),
    field("Number", { name: "number", inputmode: "tel", placeholder: "+14155550101", required: true }),
    topicChoice(page, ""),
    field("Line (blank: every line)", { name: "line", inputmode: "tel" }),
    make("button", { class: "primary" }, "Do it"));
  return fields && make("section", { class: "card", "aria-label": "Change an opt-out", "data-key": "form" }, make("h2", {}, "Change an opt-out"), fields);
}
