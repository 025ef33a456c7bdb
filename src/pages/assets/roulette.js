import { Conversation } from "./conversation.js";

const commands = document.querySelectorAll("[data-command]");

/** Makes the relayed text of a stranger a message, and any other text a quiet line. */
function entry({ from, body, text }) {
  if (!text) return null;
  if (from === undefined) return { quiet: [text] };
  return { from: "Stranger", text: body ?? text, isOwn: false };
}

const conversation = new Conversation(() => ({}), {}, {
  state: (state) => commands.forEach((button) => (button.disabled = state !== "live")),
  line: entry,
  shown: ({ text }) => text,
});

for (const button of commands) {
  button.addEventListener("click", () => {
    conversation.send({ text: button.dataset.command });
    conversation.composer.focus();
  });
}
