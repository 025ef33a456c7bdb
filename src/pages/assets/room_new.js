import { ROOM_KEYS } from "./address.js";
import { byId, fill } from "./dom.js";
import { Socket } from "./socket.js";
import { showState } from "./status.js";
import { Store } from "./store.js";

const main = byId("main");
const form = byId("start");
const ask = byId("ask");
const store = new Store(main.dataset.topic);
let isAsked = false;

function enter({ token, code }) {
  socket.close();
  store.remove(...ROOM_KEYS);
  store.set("token", token);
  store.set("code", code);
  store.set("created", true);
  store.set("joined", true);
  location.assign("/room/join");
}

function fail(text) {
  fill(byId("problem"), text);
  ask.disabled = false;
  socket.close();
}

const socket = new Socket(main.dataset.socket, store, () => ({}), {
  state(state) {
    showState(state);
    // The answer may be lost with the connection: then a person may ask once more.
    if (isAsked) ask.disabled = state === "live";
    if (state !== "live" || isAsked) return;
    isAsked = true;
    socket.send({ type: "create" });
  },
  line(line) {
    if (line.type === "created") enter(line);
    else if (line.type === "notice") fail(line.text);
  },
  ack() {},
  refused: (_, { text }) => fail(text),
  gap() {},
  end: ({ text }) => fail(text),
});

form.elements.name.value = store.get("name") ?? "";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  fill(byId("problem"), null);
  store.set("name", form.elements.name.value.trim());
  ask.disabled = true;
  isAsked = false;
  socket.forget();
  socket.open();
});
ask.disabled = false;
