import { make, unseen } from "./dom.js";
import { queueName } from "./format.js";
import { choice, field, messageLink, moment, table, topicChoice } from "./parts.js";

const QUEUES = [
  ["", "Both queues"],
  ["inbound", "Incoming"],
  ["outbox", "Outgoing"],
];

/** Filters of dead letters. Choices act at once, texts by Enter or the button. */
export function filters(page, filter, onChange) {
  const submit = (event) => {
    event.preventDefault();
    const { reason, person = "" } = Object.fromEntries(new FormData(event.currentTarget));
    onChange({ reason: reason.trim(), person: person.trim() });
  };
  const change = (name) => (event) => onChange({ [name]: event.target.value });
  return make(
    "form",
    {
      class: "row fields",
      "data-key": "filters",
      role: "search",
      "aria-label": "Dead letters",
      onsubmit: submit,
    },
    topicChoice(page, filter.topic, { all: null, onchange: change("topic") }),
    choice("Queue", QUEUES, { name: "queue", value: filter.queue, onchange: change("queue") }),
    field("Reason contains", { name: "reason", value: filter.reason, class: "grow" }),
    page.canWrite && field("Number", { name: "person", inputmode: "tel", placeholder: "+14155550101" }),
    make("button", {}, "Filter"),
  );
}

/** Dead letters as a table, with checkboxes for those that may change something. */
export function letterTable(page, letters, chosen, isShown) {
  const columns = [
    ...(page.canWrite ? [selection(page, letters, chosen)] : []),
    { name: "Given up", cell: ({ at }) => moment(at) },
    { name: "Queue", cell: ({ queue }) => queueName(queue) },
    { name: "Message", cell: ({ message }) => messageLink(message) },
    { name: "Person", cell: ({ person }) => person ?? "–" },
    { name: "Reason", look: "wide", cell: ({ reason }) => reason ?? "–" },
    ...(isShown
      ? [{ name: "Text", look: "wide", cell: ({ text }) => make("bdi", { class: "text" }, text ?? "–") }]
      : []),
  ];
  return table("Dead letters", columns, letters, keyOf, (letter) =>
    chosen.has(keyOf(letter)) ? "chosen" : null,
  );
}

const keyOf = ({ queue, id }) => `${queue} ${id}`;

function selection(page, letters, chosen) {
  const put = (letter, isChosen) =>
    isChosen ? chosen.set(keyOf(letter), letter) : chosen.delete(keyOf(letter));
  const all = letters.every((letter) => chosen.has(keyOf(letter)));
  const box = (name, isChecked, change) => {
    const onchange = (event) => {
      change(event.target.checked);
      page.draw();
    };
    return make(
      "label",
      { class: "box" },
      unseen(name),
      make("input", { type: "checkbox", checked: isChecked, "data-bound": true, onchange }),
    );
  };
  return {
    name: "Select",
    isPlain: true,
    look: "select",
    head: box("Select all on this page", all, (isChosen) =>
      letters.forEach((letter) => put(letter, isChosen)),
    ),
    cell: (letter) =>
      box(`Select ${letter.message ?? letter.id}`, chosen.has(keyOf(letter)), (isChosen) =>
        put(letter, isChosen),
      ),
  };
}
