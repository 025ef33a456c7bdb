/** Returns the element with an id. */
export const byId = (id) => document.getElementById(id);

/**
 * Creates an element. Properties that begin with `on` are handlers, all others attributes; `true` is an
 * attribute without a value, and `false`, `null` and `undefined` are none. A string among the children
 * becomes a text node, never markup.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...parts(children));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Creates a bar of rectangles on a scale of 100: pairs of start and length, each with its class. */
export function bar(label, rectangles) {
  const element = document.createElementNS(SVG, "svg");
  const attributes = { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none" };
  for (const [name, value] of Object.entries({ ...attributes, ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) })) element.setAttribute(name, value);
  for (const { look, from, length } of rectangles) {
    const rectangle = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: look, x: from, width: length, height: 1 })) rectangle.setAttribute(name, value);
    element.append(rectangle);
  }
  return element;
}

/** Flattens lists of children, and drops those that are not there. */
function parts(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Creates a text for screen readers alone. */
export const unseen = (text) => make("span", { class: "unseen" }, text);

const HANDLERS = ["onclick", "oninput", "onchange", "onsubmit", "onkeydown", "onmouseenter"];

/**
 * Changes an element into a fresh one, in place, so that focus, selection and typed text stay. Children
 * with a `data-key` keep their identity when they move. An element with `data-kept` keeps its children,
 * which belong to a script. A checkbox with `data-bound` shows the fresh state whatever was clicked.
 */
export function patch(old, fresh) {
  if (!isAlike(old, fresh)) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  patchAttributes(old, fresh);
  if (!old.hasAttribute("data-kept")) patchChildren(old, [...fresh.childNodes]);
  return old;
}

const key = (node) => node.dataset?.key;

function isAlike(old, fresh) {
  return old.nodeName === fresh.nodeName && key(old) === key(fresh) && old.type === fresh.type;
}

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of HANDLERS) if (old[name] !== fresh[name]) old[name] = fresh[name];
  if (fresh.hasAttribute("data-bound")) old.checked = fresh.checked;
}

function patchChildren(parent, fresh) {
  const keyed = new Map([...parent.children].filter(key).map((child) => [key(child), child]));
  const wanted = new Set(fresh.map(key));
  for (const [name, child] of keyed) if (!wanted.has(name)) child.remove();
  let place = parent.firstChild;
  const drop = () => {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  };
  for (const node of fresh) {
    const match = key(node) ? keyed.get(key(node)) : nextAlike(place, node);
    if (!match) {
      parent.insertBefore(node, place);
      continue;
    }
    // A node that is moved loses the focus, so what stands before it goes instead.
    while (place && place !== match && !key(place)) drop();
    if (place === match) place = place.nextSibling;
    else parent.insertBefore(match, place);
    const patched = patch(match, node);
    if (patched !== match && place === match) place = patched.nextSibling;
  }
  while (place) drop();
}

function nextAlike(place, node) {
  let found = place;
  while (found && (key(found) || !isAlike(found, node))) found = found.nextSibling;
  return found;
}

/** Announces a text to screen readers. */
export function announce(text) {
  byId("announcement").textContent = text;
}
