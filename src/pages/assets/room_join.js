import { ROOM_KEYS, takeToken } from "./address.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { Room } from "./room.js";
import { Socket } from "./socket.js";
import { hideEnd, showEnd, showState } from "./status.js";
import { Store } from "./store.js";
import { Waiting } from "./waiting.js";

/** Close codes after which the token is worth something: another tab, a locked or a full room. */
const MAY_RETURN = [4409, 4423, 4429, 1000, 1008, 1009];

const { topic, socket: path, number } = byId("main").dataset;
const store = new Store(topic);
const token = takeToken(store);
const form = byId("start");
const waiting = new Waiting();
let leaving = null;

const socket = new Socket(path, store, hello, {
  state: showState,
  line(line) {
    const wasEntered = room.isEntered;
    room.receive(line);
    if (room.isEntered && !wasEntered) composer.focus();
  },
  ack(id) {
    waiting.show(socket.unacknowledged);
    if (id === leaving) left();
  },
  refused(message, { text }) {
    waiting.show(socket.unacknowledged);
    if (message) composer.refuse(message.text, text);
    else composer.problem(text);
  },
  gap: () => room.gap(),
  end,
});
const room = new Room(store, number, command, (text) => {
  socket.close();
  end({ code: 4410, title: "The room has closed", text: text ?? "Its time is up." });
});
const composer = new Composer(store, send, () => socket.signal("typing"));

function hello() {
  const name = store.get("name");
  const token = store.get("token");
  return { ...(token ? { token } : { code: store.get("code") }), ...(name ? { name } : {}) };
}

function send(text) {
  const id = socket.send({ text });
  if (id) waiting.show(socket.unacknowledged);
  return id !== null;
}

function command(text) {
  if (!send(text)) composer.problem("There is no connection. Please try again in a moment.");
}

function join() {
  store.set("joined", true);
  byId("door").hidden = true;
  byId("room").classList.remove("over");
  hideEnd();
  socket.open();
}

function left() {
  socket.close();
  end({ code: 4403, title: "You have left", text: "The link lets you in again while the room is open." });
}

/** Shows the end. Only of a room that can be entered again is anything kept. */
function end({ code, title, text, again }) {
  byId("door").hidden = true;
  waiting.show([]);
  if (!MAY_RETURN.includes(code)) {
    room.end();
    socket.forget();
    store.remove(...ROOM_KEYS);
  }
  showEnd({ title, text, again }, join);
}

form.elements.name.value = store.get("name") ?? "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  store.set("name", form.elements.name.value.trim());
  if (!token) store.set("code", form.elements.code.value.trim());
  join();
});
// A link with the token behind `#` that is opened here does not load the page again.
addEventListener("hashchange", () => location.reload());
byId("leave").addEventListener("click", () => {
  leaving = socket.send({ text: "/leave" });
  if (leaving === null) left();
});

if (store.get("joined")) {
  join();
} else {
  const { name, code } = form.elements;
  byId("door").hidden = false;
  code.parentElement.hidden = Boolean(token);
  code.required = !token;
  (token ? name : code).focus();
}
