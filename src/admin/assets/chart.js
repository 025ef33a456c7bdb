import { make } from "./dom.js";
import { minutes, time } from "./format.js";

const HEIGHT = 168;
const FONT = "11px system-ui, sans-serif";

/** Line chart with its own legend. The element keeps its content when the page is patched. */
export class Chart {
  element = make("figure", { class: "chart" });
  #spec;
  #plot = null;
  #data = null;
  #range = null;
  #values = [];
  #area = make("div", { class: "plot", role: "img" });
  #hidden = new Set();

  /** Creates a chart from `title`, `help`, `format` of values, `isLog`, and `series` with `name` and `label`. */
  constructor(spec) {
    this.#spec = spec;
    const legend = spec.series.map((series, index) => this.#entry(series, index));
    this.element.append(
      make(
        "figcaption",
        {},
        make("strong", {}, spec.title),
        make("span", { class: "faint" }, spec.help ?? ""),
      ),
      make("div", { class: "legend" }, legend),
      this.#area,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#area);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
  }

  #entry({ label }, index) {
    const value = make("span", { class: "value" });
    this.#values.push(value);
    const swatch = make("span", { class: "swatch", "data-series": String(index), "aria-hidden": "true" });
    const toggle = () => {
      if (!this.#hidden.delete(index)) this.#hidden.add(index);
      button.setAttribute("aria-pressed", String(!this.#hidden.has(index)));
      this.#plot?.setSeries(index + 1, { show: !this.#hidden.has(index) });
    };
    const button = make(
      "button",
      { type: "button", "aria-pressed": "true", onclick: toggle },
      swatch,
      `${label} `,
      value,
    );
    return button;
  }

  /** Draws columns between two times, in seconds. */
  draw(columns, from, to) {
    this.#data = [columns.times, ...this.#spec.series.map(({ name }) => columns[name])];
    this.#range = [from, to];
    if (this.#plot) this.#plot.setData(this.#data);
    else this.#rebuild();
    this.#read(null);
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    const width = this.#area.clientWidth;
    if (!this.#data || width === 0) return;
    if (!window.uPlot) {
      this.#area.textContent = "The charts could not be loaded. Reload the page to try again.";
      return;
    }
    this.#plot = new window.uPlot(this.#options(width), this.#data, this.#area);
  }

  #resize() {
    const width = this.#area.clientWidth;
    if (!this.#plot) this.#rebuild();
    else if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #options(width) {
    const swatches = [...this.element.querySelectorAll(".swatch")];
    const grid = { stroke: getComputedStyle(this.#area).borderTopColor, width: 1 };
    const axis = { stroke: getComputedStyle(this.#area).color, font: FONT, grid, ticks: { show: false } };
    const { format, isLog } = this.#spec;
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      padding: [8, 20, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "charts" }, points: { size: 7 } },
      scales: {
        x: { time: true, range: () => this.#range },
        y: isLog
          ? { distr: 3, range: (_, low, high) => logRange(low, high) }
          : { range: (_, low, high) => [0, Math.max(high * 1.15, this.#spec.least ?? 1)] },
      },
      axes: [
        { ...axis, values: (_, times) => this.#clock(times), space: 70, size: 26 },
        {
          ...axis,
          values: (_, values) => values.map((value) => (value === null ? "" : format(value))),
          size: 62,
          space: 34,
          incrs: this.#spec.incrs,
          ...(isLog ? { filter: decades, grid: { ...grid, filter: decades } } : {}),
        },
      ],
      series: [{}, ...this.#spec.series.map((_, index) => this.#series(swatches[index], index))],
      hooks: { setCursor: [({ cursor }) => this.#read(cursor.idx)] },
    };
  }

  /** Formats the times of the scale, with seconds when it is short. */
  #clock(times) {
    const format = this.#range[1] - this.#range[0] < 600 ? time : minutes;
    return times.map((at) => format(at * 1_000));
  }

  #series(swatch, index) {
    const stroke = getComputedStyle(swatch).color;
    return {
      stroke,
      width: 1.75,
      fill: this.#spec.isLog ? undefined : stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.1)"),
      points: { show: false },
      show: !this.#hidden.has(index),
    };
  }

  /** Shows the values at an index, or the last ones. */
  #read(index) {
    const last = (column) => column.findLast((value) => value !== null);
    const { series, format, title } = this.#spec;
    const shown = series.map((_, at) => {
      const value =
        index === null || index === undefined ? last(this.#data[at + 1]) : this.#data[at + 1][index];
      return value === null || value === undefined ? "–" : format(value);
    });
    this.#values.forEach((value, at) => {
      if (value.textContent !== shown[at]) value.textContent = shown[at];
    });
    if (index === null || index === undefined) {
      const summary = series.map(({ label }, at) => `${label} ${shown[at]}`).join(", ");
      this.#area.setAttribute("aria-label", `${title}, now: ${summary}`);
    }
  }
}

const logRange = (low, high) => [
  10 ** Math.floor(Math.log10((low || 0.001) / 1.01)),
  10 ** Math.ceil(Math.log10((high || 0.1) * 1.01)),
];
const decades = (_, values) =>
  values.map((value) => (Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6) ? value : null));
