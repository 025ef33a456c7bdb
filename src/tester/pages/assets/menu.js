/**
 * A button that opens a menu: arrow keys, Home and End walk through it, Escape and Tab close it.
 * `opening` is called before it is shown.
 */
export function menu(button, list, opening) {
  const items = () => [...list.querySelectorAll("[role^=menuitem]:not(:disabled)")];
  const outside = (event) => {
    if (!list.contains(event.target) && !button.contains(event.target)) close();
  };

  function open() {
    opening();
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    items()[0]?.focus();
  }

  function close({ back = false } = {}) {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (back) button.focus();
  }

  function walk(event) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length).focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close({ back: true });
    } else if (event.key === "Tab") {
      close();
    }
  }

  button.addEventListener("click", () => (list.hidden ? open() : close()));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) {
      event.preventDefault();
      open();
    }
  });
  list.addEventListener("keydown", walk);
  list.addEventListener("click", (event) => {
    if (event.target.closest("[role^=menuitem]")) close({ back: true });
  });
}
