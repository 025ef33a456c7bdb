import { post } from "./api.js";
import { showError, showNotice } from "./notices.js";
import { ask } from "./question.js";

const QUESTION = {
  title: "Start over?",
  text:
    "All phones leave their chats, in every window. All messages are cleared, the faults are reset, " +
    "and the phones here get new numbers.",
  yes: "Start over",
};

/** Sets up the button that leaves nothing of an earlier visit, not even a phone that still waits. */
export function setUpStartOver(phones) {
  const button = document.getElementById("start-over");
  button.addEventListener("click", async () => {
    if (!(await ask(QUESTION))) return;
    button.disabled = true;
    try {
      await post("/tester/start-over", {});
      phones.renew();
      showNotice("Started over");
      phones.first?.composer.focus();
    } catch (error) {
      showError(error);
    }
    button.disabled = false;
  });
}
