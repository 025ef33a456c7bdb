import { byId, make } from "./dom.js";
import { isId, link, traceLink } from "./router.js";
import { SECTIONS } from "./sections.js";

/** Returns what a text may mean: sections, topics, and the trace of a message. */
function choices(text, topics) {
  const wanted = text.trim().toLowerCase();
  const sections = SECTIONS.map(({ name, title }) => ({ title, kind: "section", href: link(name) }));
  const names = topics.map(({ name }) => ({
    title: name,
    kind: "topic",
    href: link("topic", { argument: name }),
  }));
  const found = [...sections, ...names].filter(({ title }) => title.toLowerCase().includes(wanted));
  const isMessage = isId(wanted) && /[\d:-]/.test(wanted) && !/\s/.test(wanted);
  return isMessage ? [...found, { title: text.trim(), kind: "trace", href: traceLink(text.trim()) }] : found;
}

/** Sets up the dialog that jumps to a section, a topic or a message, by Ctrl K or its button. */
export function setUpPalette(page) {
  const dialog = byId("palette");
  const field = make("input", {
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-label": "Section, topic or message id",
    placeholder: "Section, topic or message id",
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "Matches" });
  dialog.append(field, list);
  let all = [];
  let chosen = 0;

  const go = (choice) => {
    dialog.close();
    if (choice) location.hash = choice.href;
  };

  const draw = () => {
    const option = (choice, index) =>
      make(
        "li",
        {
          id: `choice-${index}`,
          role: "option",
          "aria-selected": String(index === chosen),
          onclick: () => go(choice),
        },
        make("span", {}, choice.title),
        make("span", { class: "faint" }, choice.kind),
      );
    list.replaceChildren(...all.map(option));
    field.setAttribute("aria-activedescendant", all.length ? `choice-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };

  const search = () => {
    all = choices(field.value, page.overview?.topics ?? []);
    chosen = 0;
    draw();
  };

  const open = () => {
    if (byId("shell").hidden || document.querySelector("dialog[open]")) return;
    field.value = "";
    search();
    dialog.showModal();
    field.focus();
  };

  field.oninput = search;
  field.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      chosen = (chosen + step + all.length) % all.length;
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(all[chosen]);
    }
  };
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  byId("jump").addEventListener("click", open);
  if (navigator.platform.startsWith("Mac")) byId("jump-key").textContent = "⌘ K";
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });
}
