/** Vendor by service, in a column for each tier: what one looks at. Pressing a service filters the destinations. */
import {classOf, el, the} from "./dom.js";
import {MARKS, OUTCOMES} from "./types.js";

/** @typedef {import("./types.js").Cell} Cell */

const COLUMNS = /** @type {const} */ (["core", "auxiliary", "analytics"]);

export class Matrix {
  /** @param {(vendor: string, service: string) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    /** @type {Map<string, Map<string, Cell>>} */
    this.vendors = new Map();
    /** @type {Map<string, string>} */
    this.titles = new Map();
    this.open = false;
    this.pressed = "";
    the("legend").append(...[...OUTCOMES, "unseen"].map((word) =>
      el("li", {class: `verdict ${classOf(word)}`}, `${MARKS[word]} ${word === "unseen" ? "not seen yet" : word}`)));
  }

  /** @param {import("./types.js").Frame} frame @param {{vendor: string, service: string}} filter */
  show(frame, filter) {
    if (frame.whole) {
      this.vendors.clear();
      this.titles = new Map((frame.vendors ?? []).map((each) => [each.id, each.title]));
    }
    for (const cell of frame.cells) {
      const cells = this.vendors.get(cell.vendor) ?? new Map();
      this.vendors.set(cell.vendor, cells.set(cell.service, cell));
    }
    const pressed = `${filter.vendor}/${filter.service}`;
    if (frame.whole || frame.cells.length > 0 || pressed !== this.pressed) {
      this.pressed = pressed;
      this.draw();
    }
  }

  draw() {
    /** @type {string[]} */
    const seen = [];
    /** @type {string[]} */
    const unseen = [];
    for (const [vendor, cells] of this.vendors) {
      ([...cells.values()].some((cell) => cell.outcome !== null) ? seen : unseen).push(vendor);
    }
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.cell : undefined;
    /** @type {HTMLElement[]} */
    const parts = seen.length > 0 ? [this.table(seen)] : [el("p", {class: "quiet"}, "No vendor's destination was seen yet.")];
    if (unseen.length > 0) {
      const names = unseen.map((vendor) => this.titles.get(vendor) ?? vendor).join(", ");
      parts.push(el("details", {open: this.open, toggle: (/** @type {Event} */ event) => {
        this.open = /** @type {HTMLDetailsElement} */ (event.target).open;
      }}, el("summary", {}, unseen.length === 1 ? `Not seen yet: ${names}` : `${unseen.length} vendors not seen yet`), this.table(unseen)));
    }
    the("matrix").replaceChildren(...parts);
    if (focused) document.querySelector(`[data-cell="${CSS.escape(focused)}"]`)?.dispatchEvent(new CustomEvent("again"));
  }

  /** @param {string[]} vendors */
  table(vendors) {
    return el("table", {},
      el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "vendor"),
        ...COLUMNS.map((tier) => el("th", {scope: "col", class: `tier ${tier}`}, tier)))),
      el("tbody", {}, ...vendors.map((vendor) => this.row(vendor))));
  }

  /** @param {string} vendor */
  row(vendor) {
    const cells = [...(this.vendors.get(vendor)?.values() ?? [])];
    return el("tr", {}, el("th", {scope: "row"}, this.titles.get(vendor) ?? vendor), ...COLUMNS.map((tier) => {
      const here = cells.filter((cell) => cell.tier === tier).sort(seenFirst).map((cell) => el("li", {}, this.cell(cell)));
      return here.length > 0 ? el("td", {}, el("ul", {"aria-label": `${vendor}, ${tier}`}, ...here)) : el("td");
    }));
  }

  /** @param {Cell} cell */
  cell(cell) {
    const key = `${cell.vendor}/${cell.service}`;
    const word = saidOf(cell);
    const made = el("button", {
      type: "button", class: `cell ${classOf(cell.outcome ?? "unseen")}`, "data-cell": key,
      "aria-pressed": String(this.pressed === key), title: cell.outcome === null ? cell.title : cell.symptom,
      click: () => this.chosen(cell.vendor, cell.service),
    }, ...(cell.outcome === null && !cell.inbound
      ? [el("b", {}, MARKS.unseen, el("i", {class: "said"}, word)), el("span", {}, cell.title)]
      : [el("span", {}, cell.title), el("b", {}, `${MARKS[cell.outcome ?? "unseen"]} ${word}`)]));
    made.addEventListener("again", () => made.focus());
    return made;
  }
}

/** @param {Cell} one @param {Cell} other */
function seenFirst(one, other) { return Number(one.outcome === null) - Number(other.outcome === null); }

/** @param {Cell} cell @returns {string} the word, and how many destinations it is about where that says more */
export function saidOf(cell) {
  if (cell.outcome === null) return cell.inbound ? "comes from outside" : "not seen yet";
  const all = cell.counts.reduce((sum, count) => sum + count, 0);
  const these = cell.counts[OUTCOMES.indexOf(cell.outcome)] ?? 0;
  const part = these < all ? ` (${these} of ${all} destinations)` : "";
  return (cell.outcome === "broken" ? `broken by ${cell.by.join(", ")}` : cell.outcome) + part;
}
