import { post } from "./api.js";
import { bar, make } from "./dom.js";
import { count, number } from "./format.js";
import { action, empty, field, head, writerForm } from "./parts.js";

/** Segments that topics may send today, and what is left of them. */
export function budgets(page) {
  return {
    render() {
      const topics = (page.overview?.topics ?? []).filter((it) => it.budgets?.length);
      const cards = topics.map((topic) => make("section", { class: "card", "aria-label": `Budget of ${topic.name}`, "data-key": topic.name }, make("h2", {}, topic.name), budgetList(page, topic)));
      const none = page.overview && !topics.length && empty("No topic has a budget.", "Set sending.daily_segments in topics.toml to limit what a topic sends on a day.");
      return [head("Budgets", "Segments of today, in UTC. When a budget is spent, messages wait until midnight or until it is resumed."), ...cards, none].filter(Boolean);
    },
  };
}

/** The budgets of one topic, each with a bar and a way to resume it. */
export function budgetList(page, { name, budgets: all }) {
  return make("ul", { class: "budgets" }, all.map((budget) => one(page, name, budget)));
}

function one(page, topic, { scope, limit, spent, left, added }) {
  const share = limit ? Math.min(100, ((spent ?? 0) / (limit + (added ?? 0))) * 100) : 0;
  const look = left === 0 ? "spent" : share > 80 ? "near" : "fill";
  const resume = (body, done) => page.act(() => post("budgets/resume", { topic, scope, ...body }), done);
  const add = ({ add: more }) => resume({ add: Number(more) }, `${topic}: ${count(Number(more), "segment")} more today.`);
  return make("li", { "data-key": scope },
    make("p", {}, make("strong", {}, scope), ` ${number(spent)} of ${number(limit)} spent, `, make("strong", {}, number(left)), " left", added ? make("span", { class: "faint" }, ` (${number(added)} added today)`) : null),
    bar(`${Math.round(share)} % spent`, [{ look, from: 0, length: share }]),
    page.canWrite && make("div", { class: "row fields" },
      writerForm(page, `add-${topic}-${scope}`, add, field("Add segments", { name: "add", type: "number", min: "1", step: "1", required: true, inputmode: "numeric" }), make("button", {}, "Add")),
      left === 0 && action(page, "The whole budget once more", () => resume({}, `${topic}: the budget is there once more today.`))));
}
