import { post } from "./api.js";
import { parts } from "./dom.js";
import { failed, say } from "./notices.js";
import { NOT_A_NUMBER, number } from "./numbers.js";
import { count } from "./words.js";

/** Few enough that progress is seen, many enough that it is quick. */
const BATCH = 20;

/** Sends a file, one message a line, blank lines left out. */
export function bulk(topic) {
  const section = document.getElementById("bulk");
  const form = section.querySelector("form");
  const { number: input, file, progress } = parts(form);

  section.addEventListener("dragover", (event) => {
    event.preventDefault();
    section.classList.add("over");
  });
  section.addEventListener("dragleave", () => section.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    section.classList.remove("over");
    section.querySelector("details").open = true;
    file.files = event.dataTransfer.files;
    input.focus();
  });

  async function send(phone, messages) {
    progress.max = messages.length;
    progress.value = 0;
    progress.hidden = false;
    let refused = 0;
    for (let at = 0; at < messages.length; at += BATCH) {
      const part = messages.slice(at, at + BATCH);
      const body = { topic: topic().name, number: phone, messages: part };
      const { results } = await post("/tester/send", body);
      refused += results.filter(({ state }) => state === "refused").length;
      progress.value = at + part.length;
    }
    if (refused === 0) say("Sent bulk messages");
    else say(`${count(refused, "message was", "messages were")} not taken; the log says why`, { wrong: true });
    file.value = "";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const phone = number(input.value);
    if (phone === null) return say(NOT_A_NUMBER, { wrong: true });
    const text = await file.files[0].text();
    const messages = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
    if (messages.length === 0) return say("The file has no messages in it", { wrong: true });
    const button = form.querySelector("button");
    button.disabled = true;
    await send(phone, messages).catch(failed);
    button.disabled = false;
    progress.hidden = true;
  });
}
