/** Refused above the line, allowed below it, a second, by tier; drag over it to see the destinations of that time. */
import {clock, el, say, svg, the} from "./dom.js";
import {OUTCOMES, TIERS} from "./types.js";

const WIDTH = 960, HEIGHT = 80, MIDDLE = 40, BOTTOM = 80;
const ALLOWED = OUTCOMES.indexOf("works");

export class Timeline {
  /** @param {(since: number | null, until: number | null) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.start = 0;
    this.width = 1;
    /** @type {number[][]} */
    this.columns = [];
    /** @type {import("./types.js").Note[]} */
    this.notes = [];
    /** @type {[number, number] | null} */
    this.range = null;
    this.paths = new Map(TIERS.flatMap((tier) => ["refused", "allowed"].map((side) =>
      [`${side} ${tier}`, svg("path", {class: `${side} ${tier}`})])));
    this.brush = svg("rect", {class: "brush", y: "0", height: String(BOTTOM), x: "0", width: "0"});
    this.moments = svg("g");
    this.scale = el("p", {class: "quiet"});
    this.begin = el("span");
    this.end = el("span");
    this.picture = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
      "aria-label": "Tries a second over the run: refused above the line, allowed below it"},
    svg("line", {class: "axis", x1: "0", x2: String(WIDTH), y1: String(MIDDLE), y2: String(MIDDLE)}),
    ...this.paths.values(), this.moments, this.brush);
    the("time").append(this.scale, this.picture, el("p", {class: "quiet ends"}, this.begin, "allowed", this.end));
    this.listen();
  }

  /** @param {import("./types.js").Frame} frame @param {{since: number | null, until: number | null}} filter */
  show(frame, filter) {
    const {start, width, from, columns} = frame.time;
    this.start = start;
    this.width = width;
    this.columns = [...this.columns.slice(0, from), ...columns];
    if (frame.notes) this.notes = frame.notes;
    this.range = filter.since === null && filter.until === null ? null
      : [filter.since ?? start, filter.until ?? start + width * this.columns.length];
    this.draw();
  }

  draw() {
    const count = Math.max(this.columns.length, 60);
    const step = WIDTH / count;
    /** @param {number[]} column @param {boolean} allowed */
    const sum = (column, allowed) => column.reduce((total, each, at) =>
      total + ((Math.floor(at / TIERS.length) === ALLOWED) === allowed ? each : 0), 0);
    const top = Math.max(1, ...this.columns.map((column) => Math.max(sum(column, false), sum(column, true))));
    for (const [at, tier] of TIERS.entries()) {
      let refused = "", allowed = "";
      this.columns.forEach((column, x) => {
        let before = 0, here = 0, under = 0;
        for (let outcome = 0; outcome < OUTCOMES.length; outcome += 1) {
          if (outcome === ALLOWED) continue;
          for (let t = 0; t < at; t += 1) before += column[outcome * TIERS.length + t];
          here += column[outcome * TIERS.length + at];
        }
        for (let t = 0; t < at; t += 1) under += column[ALLOWED * TIERS.length + t];
        refused += bar(x * step, step, MIDDLE - (before / top) * (MIDDLE - 2), -(here / top) * (MIDDLE - 2));
        const good = column[ALLOWED * TIERS.length + at];
        allowed += bar(x * step, step, MIDDLE + (under / top) * (BOTTOM - MIDDLE), (good / top) * (BOTTOM - MIDDLE));
      });
      this.paths.get(`refused ${tier}`)?.setAttribute("d", refused);
      this.paths.get(`allowed ${tier}`)?.setAttribute("d", allowed);
    }
    this.moments.replaceChildren(...this.notes.filter((note) => note.kind === "marked").map((note) => {
      const x = String(this.place(note.second));
      return svg("line", {class: "moment", x1: x, x2: x, y1: "0", y2: String(BOTTOM)}, svg("title", {}, note.text));
    }));
    const peak = top / this.width;
    say(this.scale, this.columns.length > 0 ? `refused; up to ${peak < 10 ? Number(peak.toFixed(1)) : Math.round(peak)} a second` : "");
    say(this.begin, this.columns.length > 0 ? clockOf(this.start) : "");
    say(this.end, this.columns.length > 0 ? clockOf(this.start + count * this.width) : "");
    this.mark(this.range);
    say(the("time-said"), this.range ? `only ${clockOf(this.range[0])} to ${clockOf(this.range[1])}` : "drag to see a part of the run");
  }

  /** @param {number} second */
  place(second) { return ((second - this.start) / this.width) * (WIDTH / Math.max(this.columns.length, 60)); }

  /** @param {[number, number] | null} range */
  mark(range) {
    const [from, to] = range ? [this.place(range[0]), this.place(range[1])] : [0, 0];
    this.brush.setAttribute("x", String(Math.max(0, from)));
    this.brush.setAttribute("width", String(Math.max(0, Math.min(WIDTH, to) - Math.max(0, from))));
  }

  listen() {
    /** @param {PointerEvent} event */
    const second = (event) => {
      const box = this.picture.getBoundingClientRect();
      const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      return this.start + part * Math.max(this.columns.length, 60) * this.width;
    };
    /** @type {number | null} */
    let from = null;
    this.picture.addEventListener("pointerdown", (event) => {
      from = second(event);
      this.picture.setPointerCapture(event.pointerId);
    });
    this.picture.addEventListener("pointermove", (event) => {
      if (from !== null) this.mark([Math.min(from, second(event)), Math.max(from, second(event))]);
    });
    this.picture.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const [low, high] = [Math.min(from, second(event)), Math.max(from, second(event))];
      from = null;
      if (high - low < this.width) this.chosen(null, null);
      else this.chosen(Math.floor(low), Math.ceil(high));
    });
    document.querySelectorAll("[data-last]").forEach((button) => button.addEventListener("click", () => {
      const last = Number(/** @type {HTMLElement} */ (button).dataset.last);
      const end = this.start + this.columns.length * this.width;
      if (last) this.chosen(end - last, end + 86400);
      else this.chosen(null, null);
    }));
  }
}

/** @param {number} x @param {number} width @param {number} y @param {number} height */
function bar(x, width, y, height) {
  return height === 0 ? "" : `M${x.toFixed(1)} ${y.toFixed(1)}h${Math.max(width - .4, .4).toFixed(1)}v${height.toFixed(1)}h${-Math.max(width - .4, .4).toFixed(1)}z`;
}

/** @param {number} second */
const clockOf = (second) => clock(new Date(second * 1000).toISOString());
