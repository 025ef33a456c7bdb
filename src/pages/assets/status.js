import { byId } from "./dom.js";

const LABELS = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
  ended: "Disconnected",
};

/** Shows the state of the connection. */
export function showState(state) {
  const shown = byId("connection");
  shown.dataset.state = state;
  shown.hidden = false;
  if (shown.textContent !== LABELS[state]) shown.textContent = LABELS[state];
}

/** Shows why the conversation is over, with a button for another attempt where one makes sense. */
export function showEnd({ title, text, again }, onAgain) {
  byId("end-title").textContent = title;
  byId("end-text").textContent = text;
  const button = byId("again");
  button.textContent = again ?? "";
  button.hidden = !again;
  button.onclick = onAgain;
  byId("end").hidden = false;
  byId("end-title").focus();
}

export function hideEnd() {
  byId("end").hidden = true;
}
