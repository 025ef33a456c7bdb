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
    make(
      "div",
      { class: "row end" },
      make("button", { value: "", autofocus: true }, "Cancel"),
      make("button", { value: "yes", class: isDangerous ? "danger" : "primary" }, action),
    ),
  );
  return answer === "yes";
}

/**
 * Repeats a step until nothing is left, and shows the progress. The step is told how much it may do at
 * most, and returns `done` and `left`. What was there at the first step is done once: letters that die
 * again meanwhile are left alone.
 */
export async function progress({ doing, limit, step }) {
  const bar = make("progress", { max: "1", value: "0", "aria-label": doing });
  const shown = make("p", { class: "faint" }, "Starting …");
  let isStopped = false;
  const stop = make("button", { value: "stop", autofocus: true }, "Stop");
  ask(title(doing), bar, shown, make("div", { class: "row end" }, stop)).then(() => (isStopped = true));
  let [done, total] = [0, null];
  try {
    while (!isStopped && (total === null || done < total)) {
      const answer = (await step(total === null ? limit : Math.min(limit, total - done))) ?? {};
      done += answer.done ?? 0;
      total ??= done + (answer.left ?? 0);
      bar.max = Math.max(1, total);
      bar.value = done;
      shown.textContent = `${number(done)} of ${number(total)}`;
      if (!answer.left || !answer.done) break;
    }
  } finally {
    byId("dialog").close("done");
  }
  return done;
}
