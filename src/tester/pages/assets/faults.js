import { post } from "./api.js";
import { fill } from "./dom.js";
import { setUpMenu } from "./menu.js";
import { showError, showNotice } from "./notices.js";

/** Sets up the fault menu of a phone, and returns a function that shows the active fault. */
export function setUpFaultMenu({ menuButton, menu: list, again, badge }, { board, number, topic }) {
  const choices = list.querySelectorAll("[data-fault]");

  function show() {
    const active = board.faultOf(number());
    fill(badge, active === "ok" ? "" : active);
    for (const choice of choices) {
      choice.setAttribute("aria-checked", String(choice.dataset.fault === active));
    }
  }

  setUpMenu(menuButton, list, () => {
    again.disabled = board.lastOf(number(), topic()) === undefined;
    show();
  });

  for (const choice of choices) {
    choice.addEventListener("click", () => {
      post("/tester/fault", { number: number(), fault: choice.dataset.fault }).catch(showError);
    });
  }
  again.addEventListener("click", async () => {
    try {
      await post("/tester/again", { id: board.lastOf(number(), topic()).id });
      showNotice("Delivered the last message again");
    } catch (error) {
      showError(error);
    }
  });
  return show;
}
