import { make } from "./dom.js";
import { empty, field, head, stateOf, table } from "./parts.js";

/** The configuration as it runs, with a filter. Secrets are only set or not set. */
export function config(page) {
  let wanted = "";
  const source = page.source("config");
  const search = (event) => {
    wanted = event.target.value.trim().toLowerCase();
    page.draw();
  };
  const columns = [
    { name: "Setting", cell: ({ key }) => make("code", {}, key) },
    {
      name: "Value",
      isPlain: true,
      look: "wide",
      cell: ({ value, default: isDefault }) => [
        make("code", { class: isDefault ? "faint" : null }, text(value)),
        isDefault && make("span", { class: "faint" }, " default"),
      ],
    },
  ];
  const section = ({ name, rows }) => {
    const found = (rows ?? []).filter(({ key, value }) =>
      `${name} ${key} ${text(value)}`.toLowerCase().includes(wanted),
    );
    return found.length
      ? make(
          "section",
          { class: "card flush", "aria-label": name, "data-key": name },
          make("h2", {}, name),
          table(name, columns, found, ({ key }) => key),
        )
      : null;
  };
  return {
    render() {
      const cards = (source.data?.sections ?? []).map(section).filter(Boolean);
      return [
        head(
          "Configuration",
          "As this web process runs with it. Change it in topics.toml and the environment, then restart.",
          field("Filter", { type: "search", oninput: search }),
        ),
        stateOf(source),
        make("div", { class: "settings", "data-key": "settings" }, cards),
        source.data && !cards.length && empty("No setting matches."),
      ].filter(Boolean);
    },
  };
}

const text = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "–"));
