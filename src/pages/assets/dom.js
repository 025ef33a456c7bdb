/** Returns the element with an id. */
export const byId = (id) => document.getElementById(id);

/** Creates an element with properties and children. A string becomes a text node, never markup. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Creates a name that a person has chosen. Its direction changes nothing around it. */
export function isolated(name) {
  return make("bdi", {}, name);
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

/** Makes these elements the children, and moves none that is in its place, so that focus stays. */
export function arrange(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}

/** Shows a text, or hides the element without one. */
export function fill(element, text) {
  const shown = text ?? "";
  if (element.textContent !== shown) element.textContent = shown;
  element.hidden = shown === "";
}

/** Announces a text to screen readers. */
export function announce(text) {
  byId("announcement").textContent = text;
}

/** Returns one of six hues, the same one for the same name. */
export function hue(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9_973;
  return String(sum % 6);
}

/** Copies a text, and says so in an element. */
export async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied";
  } catch {
    // Browsers without the clipboard, or pages without TLS: the text can be selected instead.
    said.textContent = "Please select and copy it yourself";
  }
}
