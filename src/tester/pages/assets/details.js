import { PROGRAM, make, parts } from "./dom.js";
import { measure } from "./segments.js";
import { between, precise } from "./words.js";

const DIALOG = document.getElementById("details");
const PARTS = parts(DIALOG);

/** The message that is shown, while the dialog is open. */
let shown = null;

/** Sets up the dialog with everything that is known of a message. It follows the message's states. */
export function setUpDetails(board) {
  board.addEventListener("change", ({ detail: { changed } }) => {
    if (shown !== null && changed.has(shown)) showStates();
  });
  DIALOG.addEventListener("close", () => {
    shown = null;
  });
  // A click beside the dialog closes it.
  DIALOG.addEventListener("click", ({ target }) => target === DIALOG && DIALOG.close());
  const { copyText, copyId, copyAll } = PARTS;
  copyText.addEventListener("click", () => copyToClipboard(copyText, shown.text));
  copyId.addEventListener("click", () => copyToClipboard(copyId, shown.id));
  copyAll.addEventListener("click", () => copyToClipboard(copyAll, JSON.stringify(shown, null, 2)));
}

/** Opens the details of a message when its element is clicked, but not a link, or to select text. */
export function openOnClick(element, message) {
  element.addEventListener("click", ({ target }) => {
    const selection = getSelection();
    const selects = !selection.isCollapsed && selection.containsNode(element, true);
    if (target.closest("a") === null && !selects) showDetails(message);
  });
}

function showDetails(message) {
  shown = message;
  const { title, text, facts, done } = PARTS;
  title.textContent = message.kind === "in" ? "Incoming message" : "Outgoing message";
  text.textContent = message.text;
  text.hidden = message.text === "";
  const [from, to] =
    message.kind === "in" ? [message.number, PROGRAM] : [PROGRAM, message.number];
  const size = fact("Size", "");
  facts.replaceChildren(
    fact("Id", message.id),
    fact("Topic", message.topic),
    fact("From", from),
    fact("To", to),
    size,
    ...message.media.map(({ content_type: type, url }) => fact("Picture", describe(type, url))),
  );
  showStates();
  done.textContent = "";
  DIALOG.showModal();
  measure(message.text).then((measured) => {
    if (shown === message) size.lastChild.textContent = measured;
  });
}

function fact(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

function describe(type, url) {
  return url.startsWith("data:") ? type : `${type} ${url}`;
}

function showStates() {
  const first = shown.history[0].at;
  const rows = shown.history.map(({ state, at, reason }) => {
    const name = make("td", {}, make("b", {}, state));
    if (reason) name.append(make("small", {}, reason));
    const time = make("time", { dateTime: at }, precise(at));
    const row = make("tr", {}, name, make("td", {}, time), make("td", {}, between(first, at)));
    row.dataset.state = state;
    return row;
  });
  PARTS.states.replaceChildren(...rows);
}

/** Copies a text, and says so in the place of the button's word. */
async function copyToClipboard(button, text) {
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    PARTS.done.textContent = "Copied";
  } catch {
    // Without HTTPS there is no clipboard, except on this machine.
    PARTS.done.textContent = "The browser allows no copy here; select the text instead";
  }
  button.textContent = PARTS.done.textContent;
  button.disabled = true;
  setTimeout(() => {
    button.textContent = word;
    button.disabled = false;
  }, 1_200);
}
