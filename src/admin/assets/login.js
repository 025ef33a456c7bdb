import { logIn } from "./api.js";
import { byId } from "./dom.js";

/** Shows the login, and returns when the server has accepted a token. */
export function askForToken(reason = "") {
  const [door, form, field] = [byId("door"), byId("login"), byId("token")];
  byId("shell").hidden = true;
  door.hidden = false;
  document.title = "Log in · Operations";
  tell(reason);
  field.focus();
  return new Promise((done) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      if (button.disabled) return;
      button.disabled = true;
      try {
        await logIn(field.value);
        field.value = "";
        door.hidden = true;
        done();
      } catch (failure) {
        field.select();
        if (failure.retryAfter) await countDown(failure.retryAfter);
        else tell(failure.status === 401 ? "The token is wrong." : failure.message);
      }
      button.disabled = false;
    };
  });
}

function tell(text) {
  const problem = byId("login-problem");
  problem.textContent = text;
  problem.hidden = text === "";
}

/** Says how long the server takes no further token. */
async function countDown(seconds) {
  const end = Date.now() + seconds * 1_000;
  for (let left = seconds; left > 0; left = Math.ceil((end - Date.now()) / 1_000)) {
    tell(`Too many wrong tokens. Try again in ${left} s.`);
    await new Promise((done) => setTimeout(done, Math.min(1_000, left * 1_000)));
  }
  tell("Try again now.");
  byId("token").focus();
}
