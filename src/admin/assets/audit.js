import { make } from "./dom.js";
import { empty, field, head, moment, sign, stateOf, table } from "./parts.js";

/** What operators have done, the newest first. */
export function audit(page) {
  let wanted = "";
  const source = page.source("audit?limit=500", 10);
  const search = (event) => {
    wanted = event.target.value.trim().toLowerCase();
    page.draw();
  };
  const columns = [
    { name: "When", cell: ({ at }) => moment(at) },
    { name: "Operator", cell: ({ actor, role }) => [actor ?? "–", role && make("span", { class: "faint under" }, role)] },
    { name: "Action", cell: ({ action }) => make("strong", {}, action) },
    { name: "Target", look: "wide", cell: ({ target }) => target ?? "–" },
    { name: "Outcome", cell: ({ outcome }) => sign(/^(done|ok)\b/.test(outcome ?? "") ? "good" : "", outcome ?? "–") },
  ];
  return {
    render() {
      const all = source.data?.entries ?? [];
      const found = all.filter((entry) => Object.values(entry).join(" ").toLowerCase().includes(wanted));
      const list = found.length ? make("section", { class: "card flush", "aria-label": "Audit log", "data-key": "audit" }, table("Audit log", columns, found, ({ at, action }, index) => `${at} ${action} ${found.length - index}`)) : source.data && empty(all.length ? "No entry matches." : "No operator has changed anything yet.");
      return [head("Audit log", "Every action of an operator: by this page, the API, or the command line.", all.length > 0 && field("Filter", { type: "search", oninput: search })), stateOf(source), list].filter(Boolean);
    },
  };
}
