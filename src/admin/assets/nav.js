import { byId, make, patch, unseen } from "./dom.js";
import { number, sum } from "./format.js";
import { link } from "./router.js";
import { GROUPS } from "./sections.js";

/** Numbers beside the sections that ask for attention, each with its meaning. */
function marks(overview) {
  const topics = overview?.topics ?? [];
  const queues = topics.flatMap(({ queues }) => Object.values(queues ?? {}));
  return {
    dead: [sum(queues.map((queue) => queue?.dead)), "dead letters", "bad"],
    pauses: [sum(topics.map(({ pauses }) => pauses?.length)), "pauses", "warn"],
    processes: [(overview?.processes ?? []).filter(({ state }) => state === "lost").length, "lost", "bad"],
    stuck: [sum(queues.map((queue) => queue?.suspect)), "suspect", "warn"],
    budgets: [topics.flatMap(({ budgets }) => budgets ?? []).filter(({ left }) => left === 0).length, "spent", "warn"],
  };
}

/** Shows the sections, the present one marked, and below them what belongs to the session. */
export function drawNav(page, section) {
  const found = marks(page.overview);
  const entry = ({ name, title }) => {
    const [count, meaning, look] = found[name] ?? [0];
    const badge = count > 0 && make("span", { class: "badge", "data-look": look }, number(count), unseen(` ${meaning}`));
    return make("li", {}, make("a", { href: link(name), "aria-current": section === name ? "page" : null }, title, badge));
  };
  const group = ([title, sections]) => make("div", { class: "group" }, make("h2", {}, title), make("ul", {}, sections.map(entry)));
  const { role, isLocal, version } = page.session;
  const foot = make("div", { class: "foot" },
    role === "read" && make("p", { class: "tag" }, "Read only"),
    isLocal && make("p", { class: "faint" }, "This machine needs no token in dev."),
    !isLocal && make("button", { type: "button", onclick: () => page.leave() }, "Log out"),
    make("p", { class: "faint" }, version && `Version ${version}`));
  const nav = byId("menu");
  const fresh = nav.cloneNode(false);
  fresh.append(...GROUPS.map(group), foot);
  patch(nav, fresh);
}

/** Opens and closes the menu of small windows. Escape closes it, and so does a choice. */
export function setUpMenu() {
  const [button, nav] = [byId("menu-button"), byId("menu")];
  const show = (isOpen) => {
    button.setAttribute("aria-expanded", String(isOpen));
    nav.classList.toggle("open", isOpen);
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  nav.addEventListener("click", (event) => event.target.closest("a") && show(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("open")) return;
    show(false);
    button.focus();
  });
}
