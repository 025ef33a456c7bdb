/** Reads the section, its argument and its parameters from the part of the address after `#`. */
export function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [section, argument = ""] = path.split("/");
  return {
    section: section || "overview",
    argument: decode(argument),
    parameters: new URLSearchParams(query),
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the link to a section. */
export function link(section, { argument = "", ...parameters } = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  const path = argument ? `#/${section}/${encodeURIComponent(argument)}` : `#/${section}`;
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/**
 * Returns the link that shows what became of a message. Ids may stand in an address, and so in the
 * browser's history; numbers never do.
 */
export const traceLink = (message) => link("trace", { q: message });

/** Returns whether a text is an id, which may stand in an address, and not a number. */
export const isId = (text) => /[a-z]/i.test(text) && !text.includes("+");

/** Replaces the parameters of the present section, without a new entry in the browser's history. */
export function keep(parameters) {
  const { section, argument } = route();
  history.replaceState(null, "", link(section, { argument, ...parameters }));
}
