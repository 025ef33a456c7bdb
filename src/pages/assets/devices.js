import { Conversation } from "./conversation.js";
import { arrange, byId, copy, make } from "./dom.js";

const destination = byId("destination");
const own = byId("own");
/** Ids of the other connected devices, the number beyond this list, and the rows by their ids. */
let others = [];
let more = 0;
let rows = new Map();
let isGreeted = false;
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

function showDevices() {
  rows = new Map(others.map((id) => [id, rows.get(id) ?? row(id)]));
  arrange(byId("devices"), [...rows.values()]);
  byId("known").replaceChildren(...others.map((id) => make("option", { value: id })));
  byId("count").textContent = others.length + more;
  byId("nobody").hidden = others.length > 0;
}

/** Takes the server's greeting: the first one after a connect is shown in the lists alone. */
function greet({ you, connected, more: rest = 0, text }) {
  own.textContent = you;
  byId("copy").disabled = false;
  others = connected.filter((id) => id !== you);
  more = rest;
  showDevices();
  if (isGreeted && text) return { quiet: [text] };
  isGreeted ||= text !== undefined;
  return null;
}

function move({ type, device }) {
  others = others.filter((id) => id !== device);
  if (type === "arrived" && device !== own.textContent) others.push(device);
  showDevices();
  return null;
}

function receive(line) {
  const { type, from, text, body } = line;
  if (type === "devices") return greet(line);
  if (type === "arrived" || type === "departed") return move(line);
  if (type === "error" && line.ref) {
    conversation.refuse(line.ref, text);
    return null;
  }
  if (!text) return null;
  return from === undefined ? { quiet: [text] } : { from, text: body ?? text, isOwn: false };
}

const conversation = new Conversation(fields, { watch: "devices" }, {
  state: () => (isGreeted = false),
  line: receive,
  shown: ({ to, text }) => (to === undefined ? text : `To ${to}: ${text}`),
});

destination.value = conversation.store.get("destination") ?? "";
destination.addEventListener("input", () => conversation.store.set("destination", destination.value));
byId("copy").addEventListener("click", () => copy(own.textContent, byId("copied")));
byId("address").textContent = `${location.origin.replace(/^http/, "ws")}${path}`;
