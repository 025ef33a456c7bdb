import { Conversation } from "./conversation.js";
import { arrange, byId, copy, make } from "./dom.js";

const destination = byId("destination");
const own = byId("own");
/** Rows of the other devices, by their ids. */
let rows = new Map();
const { socket: path } = byId("main").dataset;

/** Fields of a message beside its text. Without a destination the text itself is a command. */
function fields() {
  const to = destination.value.trim();
  return to === "" ? {} : { to };
}

function choose(id) {
  destination.value = id;
  conversation.store.set("destination", id);
  conversation.composer.focus();
}

function row(id) {
  const button = make("button", { type: "button", className: "id" }, id);
  button.setAttribute("aria-label", `Write to ${id}`);
  button.addEventListener("click", () => choose(id));
  return make("li", {}, button);
}

function showDevices({ you, connected }) {
  own.textContent = you;
  byId("copy").disabled = false;
  const others = connected.filter((id) => id !== you);
  rows = new Map(others.map((id) => [id, rows.get(id) ?? row(id)]));
  arrange(byId("devices"), [...rows.values()]);
  byId("known").replaceChildren(...others.map((id) => make("option", { value: id })));
  byId("count").textContent = others.length;
  byId("nobody").hidden = others.length > 0;
}

const conversation = new Conversation(fields, {
  state: (state) => (byId("refresh").disabled = state !== "live"),
  line(line) {
    if (line.type === "devices") {
      showDevices(line);
      return null;
    }
    if (!line.text) return null;
    return line.from === undefined
      ? { quiet: [line.text] }
      : { from: line.from, text: line.text, isOwn: false };
  },
  shown: ({ to, text }) => (to === undefined ? text : `To ${to}: ${text}`),
});

destination.value = conversation.store.get("destination") ?? "";
destination.addEventListener("input", () => conversation.store.set("destination", destination.value));
byId("copy").addEventListener("click", () => copy(own.textContent, byId("copied")));
byId("refresh").addEventListener("click", () => conversation.send({ text: "help" }));
byId("address").textContent = `${location.origin.replace(/^http/, "ws")}${path}`;
