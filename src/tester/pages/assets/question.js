import { parts } from "./dom.js";

const DIALOG = document.getElementById("question");

/** Asks for a confirmation, and returns whether it was given. `yes` is the word of its button. */
export function ask({ title, text, yes }) {
  const shown = parts(DIALOG);
  shown.title.textContent = title;
  shown.text.textContent = text;
  shown.yes.textContent = yes;
  DIALOG.returnValue = "";
  DIALOG.showModal();
  return new Promise((done) => {
    const answer = () => done(DIALOG.returnValue === "yes");
    DIALOG.addEventListener("close", answer, { once: true });
  });
}
