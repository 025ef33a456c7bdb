/**
 * A copy of the template of this name, and its parts by their `data-part`. Whatever people wrote
 * goes into parts as text, never as markup.
 */
export function copy(template) {
  const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
  return { element, ...parts(element) };
}

export function parts(root) {
  const found = {};
  for (const part of root.querySelectorAll("[data-part]")) {
    const name = part.dataset.part.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    found[name] = part;
  }
  return found;
}

/** An element with these properties and children; a string is a child that is text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Shows a text, or nothing at all when there is none. */
export function fill(element, text) {
  const said = text ?? "";
  if (element.textContent !== said) element.textContent = said;
  element.hidden = said === "";
}
