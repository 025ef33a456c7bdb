import { read } from "./address.js";
import { get } from "./api.js";
import { Board } from "./board.js";
import { setUpBulkForm } from "./bulk.js";
import { setUpDetails } from "./details.js";
import { make } from "./dom.js";
import { follow } from "./live.js";
import { Log } from "./log.js";
import { showError, showUnreachable } from "./notices.js";
import { Phones } from "./phones.js";
import { setUpStartOver } from "./start_over.js";
import { setUpStrip } from "./strip.js";
import { Unread } from "./title.js";

/** Delay before a failed request is repeated, in milliseconds. */
const RETRY_DELAY = 2_000;

const CONNECTION = { connecting: "Connecting", live: "Live", away: "Reconnecting" };

/** Placeholder for the chosen topic of a server without topics. */
const NO_TOPIC = { name: "", commands: [] };

const byId = (id) => document.getElementById(id);

/** Fetches the topics, and retries until the server responds. */
async function fetchTopics() {
  for (;;) {
    try {
      return await get("/tester/topics");
    } catch (error) {
      showError(error);
      await new Promise((done) => setTimeout(done, RETRY_DELAY));
    }
  }
}

/** Sets up the choice of a topic, and returns a function for the chosen one. */
function setUpTopicChoice(all, wanted, onChange) {
  const select = byId("topic");
  select.replaceChildren(...all.map(({ name }) => make("option", { value: name }, name)));
  if (all.some(({ name }) => name === wanted)) select.value = wanted;
  select.addEventListener("change", onChange);
  byId("topic-choice").hidden = all.length < 2;
  return () => all[select.selectedIndex] ?? NO_TOPIC;
}

function showConnection(state) {
  const shown = byId("connection");
  shown.dataset.state = state;
  shown.textContent = CONNECTION[state];
  showUnreachable(state === "away");
}

/** Counts the messages to the page's phones in the title, while the page is hidden. */
function countUnread(board, phones) {
  const title = new Unread();
  board.addEventListener("change", ({ detail: { fresh, added } }) => {
    if (fresh) return;
    for (const { kind, number } of added) {
      if (kind === "out" && phones.numbers.includes(number)) title.add();
    }
  });
}

async function start() {
  for (const id of ["main", "connection", "actions"]) byId(id).hidden = false;
  const address = read();
  const all = await fetchTopics();
  const board = new Board();
  const topic = setUpTopicChoice(all, address.topic, () => phones.refresh());
  const phones = new Phones(board, topic);
  new Log(board, phones, all);
  setUpDetails(board);
  setUpStrip(phones);
  setUpStartOver(phones);
  countUnread(board, phones);
  for (const phone of address.phones) phones.add(phone);
  phones.first.composer.focus();
  setUpBulkForm(topic);
  byId("bulk").querySelector("[data-part=number]").value = phones.numbers[0];
  byId("add-phone").addEventListener("click", () => {
    const card = phones.add();
    card.element.scrollIntoView({ block: "nearest", inline: "center" });
    card.composer.focus();
  });
  follow(board, showConnection);
}

start();
