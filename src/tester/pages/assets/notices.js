import { UnreachableError } from "./api.js";
import { PROGRAM } from "./dom.js";

/** Time that a notice is shown, in milliseconds. An error stays until it is dismissed, or the next one. */
const NOTICE_DURATION = 4_000;

const NOTICE = document.getElementById("notice");
const DISMISS = document.getElementById("dismiss");
const UNREACHABLE = document.getElementById("away");
let hideTimer;

DISMISS.addEventListener("click", hideNotice);

/** Shows a notice at the head of the page, far from what is typed and sent. */
export function showNotice(text, { isError = false } = {}) {
  clearTimeout(hideTimer);
  NOTICE.textContent = text;
  NOTICE.parentElement.dataset.kind = isError ? "error" : "success";
  DISMISS.hidden = !isError;
  if (!isError) hideTimer = setTimeout(hideNotice, NOTICE_DURATION);
}

function hideNotice() {
  NOTICE.replaceChildren();
  DISMISS.hidden = true;
  delete NOTICE.parentElement.dataset.kind;
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
