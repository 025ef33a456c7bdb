/**
 * Sets up a menu button. Arrow keys, Home and End move through the menu, Escape and Tab close it.
 * `beforeOpen` is called each time before the menu is shown.
 */
export function setUpMenu(button, list, beforeOpen) {
  const items = () => [...list.querySelectorAll("[role^=menuitem]:not(:disabled)")];
  const closeOutside = (event) => {
    if (!list.contains(event.target) && !button.contains(event.target)) close();
  };

  function open() {
    beforeOpen();
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", closeOutside);
    items()[0]?.focus();
  }

  function close({ restoreFocus = false } = {}) {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", closeOutside);
    if (restoreFocus) button.focus();
  }

  function move(event) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length).focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close({ restoreFocus: true });
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
  list.addEventListener("keydown", move);
  list.addEventListener("click", (event) => {
    if (event.target.closest("[role^=menuitem]")) close({ restoreFocus: true });
  });
}
