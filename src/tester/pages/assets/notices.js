import { UnreachableError } from "./api.js";
import { PROGRAM } from "./dom.js";

/** Time that a notice is shown, in milliseconds. An error stays until the next notice. */
const NOTICE_DURATION = 4_000;

const NOTICE = document.getElementById("notice");
const UNREACHABLE = document.getElementById("away");
let hideTimer;

/** Shows a notice at the foot of the page. */
export function showNotice(text, { isError = false } = {}) {
  clearTimeout(hideTimer);
  NOTICE.textContent = text;
  NOTICE.dataset.kind = isError ? "error" : "success";
  if (!isError) hideTimer = setTimeout(() => NOTICE.replaceChildren(), NOTICE_DURATION);
}

/** Shows an error of a request. */
export function showError(error) {
  if (error instanceof UnreachableError) showUnreachable(true);
  else showNotice(error.message, { isError: true });
}

/** Shows or hides the alert that the server cannot be reached. */
export function showUnreachable(isUnreachable) {
  const text = isUnreachable
    ? `${PROGRAM} could not be reached.\nPlease check that it is running.`
    : "";
  if (UNREACHABLE.textContent !== text) UNREACHABLE.textContent = text;
}
