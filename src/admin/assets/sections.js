/** Sections of the page, in groups, each with the module that shows it and the letter that jumps there. */
export const GROUPS = [
  ["Watch", [
    { name: "overview", title: "Overview" },
    { name: "processes", title: "Processes" },
    { name: "stuck", title: "Slow and stuck" },
  ]],
  ["Mend", [
    { name: "dead", title: "Dead letters" },
    { name: "pauses", title: "Pauses" },
    { name: "budgets", title: "Budgets" },
  ]],
  ["People", [
    { name: "people", title: "Reports and bans" },
    { name: "optouts", title: "Opt-outs" },
  ]],
  ["Look up", [
    { name: "trace", title: "Trace" },
    { name: "config", title: "Configuration" },
    { name: "audit", title: "Audit log" },
  ]],
];

/** Every section that has an entry of its own. */
export const SECTIONS = GROUPS.flatMap(([, sections]) => sections);
