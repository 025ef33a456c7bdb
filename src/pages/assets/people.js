import { byId, hue, isolated, make, parts } from "./dom.js";

/** Commands for other people, each with the right that it needs. */
const COMMANDS = [
  { label: "Mute", command: "/mute", needs: "mute" },
  { label: "Unmute", command: "/unmute", needs: "mute" },
  { label: "Remove", command: "/remove", needs: "remove" },
];

/** List of who is here, with a menu beside each name for whoever may use it. */
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
    document.addEventListener("pointerdown", ({ target }) => this.#closeMenus(target));
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const open = event.target.closest("details.menu[open]");
      if (!open) return;
      open.open = false;
      open.querySelector("summary").focus();
    });
  }

  /** Shows the list, and keeps the rows, with an open menu, of those who stay. */
  show({ here, name, allowed }) {
    const rights = allowed.join();
    const rows = here.map((person) => {
      const known = this.#rows.get(person);
      const isMe = person === name;
      if (known?.rights === rights && known.isMe === isMe) return [person, known];
      const commands = isMe ? [] : COMMANDS.filter(({ needs }) => allowed.includes(needs));
      return [person, { rights, isMe, element: this.#row(person, isMe, commands) }];
    });
    const shown = rows.map(([, { element }]) => element);
    const isSame = this.#rows.size === rows.length && shown.every((row) => row.isConnected);
    this.#rows = new Map(rows);
    if (!isSame) this.#parts.list.replaceChildren(...shown);
    this.#parts.count.textContent = here.length;
    const field = this.#parts.rename.elements.name;
    if (document.activeElement !== field) field.value = name;
  }

  #row(person, isMe, commands) {
    const row = make("li", {}, make("span", { className: "dot" }), isolated(person));
    row.dataset.hue = hue(person);
    if (isMe) row.append(make("span", { className: "faint" }, " (you)"));
    if (commands.length === 0) return row;
    const label = `Actions for ${person}`;
    const summary = make("summary", { title: label }, "⋯");
    summary.setAttribute("aria-label", label);
    const buttons = commands.map(({ label, command }) => {
      const click = () => {
        this.#closeMenus(null);
        this.#command(`${command} ${person}`);
        summary.focus();
      };
      return make("button", { type: "button", onclick: click }, label);
    });
    row.append(make("details", { className: "menu" }, summary, make("div", {}, ...buttons)));
    return row;
  }

  #closeMenus(target) {
    for (const menu of this.#element.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
  }
}
