/** The name of the program that serves this page. */
export const PROGRAM = document.body.dataset.program;

/**
 * Copies a template, and returns the element and its parts by their `data-part`. User text goes
 * into parts as text, never as markup.
 */
export function copy(template) {
  const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
  return { element, ...parts(element) };
}

/** Returns the parts of an element by their `data-part`, in camel case. */
export function parts(root) {
  const found = {};
  for (const part of root.querySelectorAll("[data-part]")) {
    const name = part.dataset.part.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    found[name] = part;
  }
  return found;
}

/** Creates an element with properties and children. A string becomes a text node. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Shows the number of new messages in a mark, or hides the mark without any. */
export function fillMark(mark, count) {
  mark.replaceChildren(String(count), make("span", { className: "unseen" }, " new"));
  mark.hidden = count === 0;
}

/** Shows a text, or hides the element without one. */
export function fill(element, text) {
  const shown = text ?? "";
  if (element.textContent !== shown) element.textContent = shown;
  element.hidden = shown === "";
}
