import { byId } from "./dom.js";

/** Time that a notice is shown, in milliseconds. An error stays until the next notice, or a click. */
const SHOWN = 5_000;

let timer;

/** Shows a notice at the foot of the page. */
export function notice(text, { isError = false } = {}) {
  const element = byId("notice");
  clearTimeout(timer);
  element.textContent = text;
  element.dataset.kind = isError ? "error" : "done";
  element.onclick = () => element.replaceChildren();
  if (!isError) timer = setTimeout(() => element.replaceChildren(), SHOWN);
}

/** Shows why a request did not succeed. */
export const complain = (failure) => notice(failure.message, { isError: true });
