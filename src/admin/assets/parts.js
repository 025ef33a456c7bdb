import { make, unseen } from "./dom.js";
import { duration, time } from "./format.js";
import { traceLink } from "./router.js";

/** Heads a section. Tools stand beside the title. */
export function head(title, help, ...tools) {
  return make("div", { class: "head", "data-key": "head" },
    make("div", { class: "title" }, make("h1", { tabindex: "-1" }, title), help && make("p", { class: "faint" }, help)),
    make("div", { class: "row tools" }, tools));
}

/** A card, with its title if it has one. */
export function card(title, ...content) {
  return make("section", { class: "card", "aria-label": title, "data-key": `card-${title}` }, title && make("h2", {}, title), content);
}

/** A short word on a coloured ground: `good`, `warn`, `bad` or plain. */
export const sign = (look, text) => make("span", { class: "sign", "data-look": look }, text);

/** A moment, which shows the full date when it is pointed at. */
export const moment = (at) => make("time", { datetime: at ?? null, title: at ?? null }, time(at));

/** How long something lasts. */
export const lasting = (seconds) => make("span", { class: "figure" }, duration(seconds));

/** The id of a message, which leads to what became of it. */
export function messageLink(id) {
  return id ? make("a", { class: "id", href: traceLink(id), title: id }, id) : make("span", { class: "faint" }, "–");
}

/** A button that only those may use that may change something. Others do not see it. */
export function action(page, text, onclick, properties = {}) {
  return page.canWrite ? make("button", { type: "button", onclick, ...properties }, text) : null;
}

/** Forms whose request has not been answered yet. */
const BUSY = new WeakSet();

/** A form of those that may change something. */
export function writerForm(page, name, onsubmit, ...content) {
  if (!page.canWrite) return null;
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (BUSY.has(form)) return;
    BUSY.add(form);
    const isDone = await onsubmit(Object.fromEntries(new FormData(form)));
    BUSY.delete(form);
    if (isDone) form.reset();
  };
  return make("form", { class: "row fields", "data-key": `form-${name}`, onsubmit: submit }, content);
}

/** A field with its label. */
export function field(label, properties) {
  return make("label", { class: properties.class ?? null, "data-key": `field-${label}` }, label, make("input", { type: "text", autocomplete: "off", spellcheck: "false", ...properties, class: null }));
}

/** A choice with its label; `options` are pairs of value and text. */
export function choice(label, options, properties = {}) {
  const { value, ...rest } = properties;
  const option = ([name, text]) => make("option", { value: name, selected: name === value }, text);
  return make("label", { "data-key": `choice-${label}` }, label, make("select", rest, options.map(option)));
}

/** A choice of one topic, or of all where `all` names them. */
export function topicChoice(page, value, { all = "All topics", ...properties } = {}) {
  const options = page.topics.map((name) => [name, name]);
  return choice("Topic", all ? [["", all], ...options] : options, { name: "topic", value, ...properties });
}

/** A checkbox with its label. */
export function check(label, isChecked, onchange) {
  return make("label", { class: "check", "data-key": `check-${label}` }, make("input", { type: "checkbox", checked: isChecked, "data-bound": true, onchange }), label);
}

/** The column of what can be done about a row, for those that may change something. */
export function acts(page, cell) {
  return page.canWrite ? [{ name: "Action", head: unseen("Action"), isPlain: true, look: "acts", cell }] : [];
}

/** Says that a source is being read for the first time, or why it could not be read. */
export function stateOf(source) {
  if (source.failure) {
    return make("p", { class: "problem", role: "alert", "data-key": "failure" }, source.failure.message, " ",
      make("button", { type: "button", onclick: () => source.read() }, "Try again"));
  }
  return source.data === null && source.isReading ? make("p", { class: "faint quiet", "data-key": "reading" }, "Reading …") : null;
}

/** Says that there is nothing, and that this is fine. */
export function empty(text, help) {
  return make("div", { class: "empty", "data-key": "empty" }, make("p", {}, make("strong", {}, text)), help && make("p", { class: "faint" }, help));
}

/**
 * A table, which small windows show as cards. A column has `name`, `cell` of a row, and perhaps `look`
 * and `isPlain` for one without a label in cards.
 */
export function table(label, columns, rows, keyOf, rowLook = () => null) {
  const heading = ({ name, look, head: content }) => make("th", { scope: "col", role: "columnheader", class: look }, content ?? name);
  const cell = (row) => ({ name, look, isPlain, cell: content }) => make("td", { role: "cell", class: look, "data-label": isPlain ? null : name }, make("div", {}, content(row)));
  const line = (row, index) => make("tr", { role: "row", "data-key": String(keyOf ? keyOf(row, index) : index), "data-look": rowLook(row) }, columns.map(cell(row)));
  return make("div", { class: "rows", "data-key": `table-${label}` },
    make("table", { role: "table", "aria-label": label },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, columns.map(heading))),
      make("tbody", { role: "rowgroup" }, rows.map(line))));
}

/** Names and their values. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return make("dl", { class: "facts" }, shown.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}
