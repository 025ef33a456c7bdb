import { logOut, onLoggedOut, readSession } from "./api.js";
import { byId } from "./dom.js";
import { History } from "./history.js";
import { askForToken } from "./login.js";
import { setUpMenu } from "./nav.js";
import { complain } from "./notices.js";
import { Page } from "./page.js";
import { setUpPalette } from "./palette.js";
import { audit } from "./audit.js";
import { budgets } from "./budgets.js";
import { config } from "./config.js";
import { dead } from "./dead.js";
import { optouts } from "./optouts.js";
import { overview } from "./overview.js";
import { pauses } from "./pauses.js";
import { people } from "./people.js";
import { processes } from "./processes.js";
import { stuck } from "./stuck.js";
import { topic } from "./topic.js";
import { trace } from "./trace.js";

const SECTIONS = { audit, budgets, config, dead, optouts, overview, pauses, people, processes, stuck, topic, trace };
/** Delay before a server that does not answer is asked for the session again, in milliseconds. */
const AGAIN = 2_000;

const page = new Page(SECTIONS, new History());
let isEntering = false;

/** Finds out who is logged in, asks for a token when nobody is, and shows the page. */
async function enter(reason) {
  if (isEntering) return;
  isEntering = true;
  let session = await sessionOrNothing();
  while (!session.role) {
    await askForToken(reason);
    session = await sessionOrNothing();
    reason = "The session was not kept. Allow cookies for this site, and log in again.";
  }
  isEntering = false;
  page.start(session, leave);
}

async function sessionOrNothing() {
  for (;;) {
    try {
      return await readSession();
    } catch (failure) {
      complain(failure);
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}

async function leave() {
  try {
    await logOut();
  } catch (failure) {
    complain(failure);
    return;
  }
  page.stop();
  location.reload();
}

onLoggedOut(() => {
  page.stop();
  enter("The session has ended. Log in again.");
});
byId("skip").addEventListener("click", () => byId("main").querySelector("h1")?.focus());
setUpMenu();
setUpPalette(page);
enter("");
