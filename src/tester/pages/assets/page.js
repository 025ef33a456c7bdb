import { read } from "./address.js";
import { get } from "./api.js";
import { Board } from "./board.js";
import { bulk } from "./bulk.js";
import { make } from "./dom.js";
import { follow } from "./live.js";
import { Log } from "./log.js";
import { away, failed } from "./notices.js";
import { Phones } from "./phones.js";

/** How long until a server that is away is asked again. */
const PAUSE = 2_000;

const CONNECTION = { connecting: "Connecting", live: "Live", away: "Reconnecting" };

/** Stands in for the chosen topic of a server that has none. */
const NO_TOPIC = { name: "", handler: "" };

const at = (id) => document.getElementById(id);

async function topics() {
  for (;;) {
    try {
      return await get("/tester/topics");
    } catch (error) {
      failed(error);
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }
}

/** Shows the choice when there is one, and answers which topic is chosen. */
function chooser(all, wanted, changed) {
  const select = at("topic");
  select.replaceChildren(...all.map(({ name }) => make("option", { value: name }, name)));
  if (all.some(({ name }) => name === wanted)) select.value = wanted;
  select.addEventListener("change", changed);
  at("topic-choice").hidden = all.length < 2;
  return () => all[select.selectedIndex] ?? NO_TOPIC;
}

function connection(state) {
  const shown = at("connection");
  shown.dataset.state = state;
  shown.textContent = CONNECTION[state];
  away(state === "away");
}

async function start() {
  for (const id of ["main", "connection", "add-phone"]) at(id).hidden = false;
  const address = read();
  const all = await topics();
  const board = new Board();
  const topic = chooser(all, address.topic, () => phones.refresh());
  const phones = new Phones(board, topic);
  new Log(board, phones, all);
  for (const phone of address.phones) phones.add(phone);
  phones.first.composer.focus();
  bulk(topic);
  at("bulk").querySelector("[data-part=number]").value = phones.numbers[0];
  at("add-phone").addEventListener("click", () => {
    const card = phones.add();
    card.element.scrollIntoView({ block: "nearest", inline: "center" });
    card.composer.focus();
  });
  follow(board, connection);
}

start();
