import { arrange, byId, hue, isolated, make, parts } from "./dom.js";

/** Commands for other people, each with the right that it needs. */
const COMMANDS = [
  { label: "Mute", command: "/mute", needs: "mute" },
  { label: "Unmute", command: "/unmute", needs: "mute" },
  { label: "Remove", command: "/remove", needs: "remove" },
];

/** List of who is here, with actions beside each name for those who may use them. */
export class People {
  #element = byId("people");
  #parts = parts(this.#element);
  #rows = new Map();
  #command;

  /** `command(text)` sends a command. */
  constructor(command) {
    this.#command = command;
    this.#parts.rename.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#parts.rename.elements.name.value.trim();
      if (name !== "") command(`/name ${name}`);
    });
  }

  /** Shows the list. Rows of those who stay keep their state. */
  show({ here, name, allowed }) {
    const rights = allowed.join();
    const rows = here.map((person) => {
      const known = this.#rows.get(person);
      const isMe = person === name;
      if (known?.rights === rights && known.isMe === isMe) return [person, known];
      const commands = isMe ? [] : COMMANDS.filter(({ needs }) => allowed.includes(needs));
      return [person, { rights, isMe, element: this.#row(person, isMe, commands) }];
    });
    this.#rows = new Map(rows);
    arrange(this.#parts.list, rows.map(([, { element }]) => element));
    this.#parts.count.textContent = here.length;
    const field = this.#parts.rename.elements.name;
    if (document.activeElement !== field) field.value = name ?? "";
  }

  #row(person, isMe, commands) {
    const row = make("li", {}, make("span", { className: "dot" }), isolated(person));
    row.dataset.hue = hue(person);
    if (isMe) row.append(make("span", { className: "faint" }, " (you)"));
    if (commands.length === 0) return row;
    const label = `Actions for ${person}`;
    const actions = make("div", { className: "actions", hidden: true });
    const more = make("button", { type: "button", className: "more", title: label }, "⋯");
    more.setAttribute("aria-label", label);
    more.setAttribute("aria-expanded", "false");
    const toggle = (isOpen) => {
      actions.hidden = !isOpen;
      more.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) more.focus();
    };
    more.addEventListener("click", () => toggle(actions.hidden));
    row.addEventListener("keydown", ({ key }) => key === "Escape" && toggle(false));
    for (const { label, command } of commands) {
      const button = make("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        toggle(false);
        this.#command(`${command} ${person}`);
      });
      actions.append(button);
    }
    row.append(more, actions);
    return row;
  }
}
