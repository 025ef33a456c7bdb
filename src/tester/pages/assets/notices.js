import { Away } from "./api.js";

/** A mistake stays until something else is said; good news may go. */
const SHOWN = 4_000;

const NOTICE = document.getElementById("notice");
const AWAY = document.getElementById("away");
let going;

export function say(text, { wrong = false } = {}) {
  clearTimeout(going);
  NOTICE.textContent = text;
  NOTICE.dataset.kind = wrong ? "wrong" : "well";
  if (!wrong) going = setTimeout(() => NOTICE.replaceChildren(), SHOWN);
}

/** Says what went wrong, to whoever can do something about it. */
export function failed(error) {
  if (error instanceof Away) away(true);
  else say(error.message, { wrong: true });
}

export function away(is) {
  const said = is
    ? "Crosswire could not be reached.\nPlease check that it is running."
    : "";
  if (AWAY.textContent !== said) AWAY.textContent = said;
}
