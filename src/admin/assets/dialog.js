import { byId, make } from "./dom.js";
import { number } from "./format.js";

/** Shows a dialog with a form, and returns the button's value by which it is left; empty by Escape. */
function ask(...content) {
  const dialog = byId("dialog");
  dialog.replaceChildren(make("form", { method: "dialog" }, content));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue);
  });
}

const title = (text) => make("h2", { id: "dialog-title" }, text);

/** Asks before something is done that cannot be undone. The first button does nothing. */
export async function confirmed({ question, text, action, isDangerous = true }) {
  const answer = await ask(
    title(question),
    ...[text].flat().map((line) => make("p", {}, line)),
    make("div", { class: "row end" },
      make("button", { value: "", autofocus: true }, "Cancel"),
      make("button", { value: "yes", class: isDangerous ? "danger" : "primary" }, action)),
  );
  return answer === "yes";
}

/**
 * Repeats a step until it returns nothing left, and shows the progress. The step returns `done` and
 * `left`. Stops after `total`, so that letters which die again meanwhile are left alone.
 */
export async function progress({ doing, total, step }) {
  const bar = make("progress", { max: String(Math.max(1, total)), value: "0", "aria-label": doing });
  const shown = make("p", { class: "faint" }, `0 of ${number(total)}`);
  let isStopped = false;
  const closed = ask(title(doing), bar, shown, make("div", { class: "row end" }, make("button", { value: "stop", autofocus: true }, "Stop")));
  closed.then(() => (isStopped = true));
  let done = 0;
  try {
    while (!isStopped && done < total) {
      const answer = (await step(total - done)) ?? {};
      done += answer.done ?? 0;
      bar.value = done;
      shown.textContent = `${number(done)} of ${number(total)}`;
      if (!answer.left || !answer.done) break;
    }
  } finally {
    byId("dialog").close("done");
  }
  return done;
}
