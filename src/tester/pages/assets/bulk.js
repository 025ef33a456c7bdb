import { post } from "./api.js";
import { parts } from "./dom.js";
import { showError, showNotice } from "./notices.js";
import { INVALID_NUMBER, parseNumber } from "./numbers.js";
import { count } from "./words.js";

/** Messages per request: few enough to show progress, many enough to be quick. */
const BATCH_SIZE = 20;

/** Sets up the form that sends a file, one message per line without the blank ones. */
export function setUpBulkForm(topic) {
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
    for (let at = 0; at < messages.length; at += BATCH_SIZE) {
      const part = messages.slice(at, at + BATCH_SIZE);
      const body = { topic: topic().name, number: phone, messages: part };
      const { results } = await post("/tester/send", body);
      refused += results.filter(({ state }) => state === "refused").length;
      progress.value = at + part.length;
    }
    if (refused === 0) {
      showNotice("Sent bulk messages");
    } else {
      const messages = count(refused, "message was", "messages were");
      showNotice(`${messages} not accepted; the log says why`, { isError: true });
    }
    file.value = "";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const phone = parseNumber(input.value);
    if (phone === null) return showNotice(INVALID_NUMBER, { isError: true });
    const text = await file.files[0].text();
    const messages = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
    if (messages.length === 0) {
      return showNotice("The file has no messages in it", { isError: true });
    }
    const button = form.querySelector("button");
    button.disabled = true;
    await send(phone, messages).catch(showError);
    button.disabled = false;
    progress.hidden = true;
  });
}
