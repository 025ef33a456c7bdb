import { post } from "./api.js";
import { menu } from "./menu.js";
import { failed, say } from "./notices.js";

/** What the badge of a phone says is in force. */
const NAMES = {
  slow: "Slow provider",
  lossy: "Answer lost",
  failing: "Provider down",
  throttled: "Provider busy",
  undeliverable: "Undeliverable",
  opted_out: "Opted out",
};

/** The menu of a phone that makes things go wrong for it. */
export function trouble({ menuButton, menu: list, again, badge }, { board, number, topic }) {
  const choices = list.querySelectorAll("[data-trouble]");

  function show() {
    const force = board.troubleOf(number());
    const name = NAMES[force] ?? "";
    if (badge.textContent !== name) badge.textContent = name;
    badge.hidden = name === "";
    for (const choice of choices) {
      choice.setAttribute("aria-checked", String(choice.dataset.trouble === force));
    }
  }

  menu(menuButton, list, () => {
    again.disabled = board.lastOf(number(), topic()) === undefined;
    show();
  });

  for (const choice of choices) {
    choice.addEventListener("click", () => {
      post("/tester/trouble", { number: number(), trouble: choice.dataset.trouble }).catch(failed);
    });
  }
  again.addEventListener("click", async () => {
    try {
      await post("/tester/again", { id: board.lastOf(number(), topic()).id });
      say("Delivered the last message again");
    } catch (error) {
      failed(error);
    }
  });
  return show;
}
