/** The stream: one row a destination, the newest first. It stands still while it is paused or scrolled. */
import {amount, classOf, clock, el, say, the} from "./dom.js";
import {MARKS, OUTCOMES} from "./types.js";

/** @typedef {import("./types.js").Row} Row */

/** So many rows at once nobody reads: they come once a second then, and the page stays at hand. */
const MANY = 40, CALM_MS = 1000;

export class Rows {
  /** @param {(number: number) => void} opened */
  constructor(opened) {
    this.opened = opened;
    /** @type {Map<number, {row: Row, tr: HTMLTableRowElement}>} */
    this.shown = new Map();
    /** @type {Map<number, Row | null>} what came while it stood still; null: gone */
    this.waiting = new Map();
    this.paused = false;
    this.applied = 0;
    this.at = -1;
    this.body = /** @type {HTMLTableSectionElement} */ (document.querySelector("#rows tbody"));
    this.scroll = the("scroll");
    this.scroll.addEventListener("scroll", () => this.settle());
    the("pause").addEventListener("click", () => this.pause());
  }

  /** @returns {boolean} */
  get still() { return this.paused || this.scroll.scrollTop > 4; }

  pause() {
    this.paused = !this.paused;
    the("pause").setAttribute("aria-pressed", String(this.paused));
    this.settle();
  }

  /** @param {import("./types.js").Frame} frame */
  show(frame) {
    if (frame.whole) {
      this.waiting.clear();
      const stays = new Set(frame.rows.map((row) => row.number));
      for (const number of this.shown.keys()) if (!stays.has(number)) this.remove(number);
    }
    for (const number of frame.gone) this.waiting.set(number, null);
    for (const row of frame.rows) this.waiting.set(row.number, row);
    const many = this.waiting.size > MANY && performance.now() - this.applied < CALM_MS;
    if (frame.whole || !(this.still || many)) this.apply();
    this.settle(false);
  }

  /** @param {boolean} [apply] */
  settle(apply = true) {
    if (apply && !this.still) this.apply();
    const held = this.waiting.size > 0 ? ` (${this.waiting.size} changed meanwhile)` : "";
    say(the("pause"), this.paused ? `Go on${held}` : this.still ? `Back to the top${held}` : "Pause");
    the("empty").hidden = this.shown.size > 0;
  }

  apply() {
    this.applied = performance.now();
    const rows = [];
    for (const [number, row] of this.waiting) {
      if (row === null) this.remove(number);
      else rows.push(row);
    }
    this.waiting.clear();
    rows.sort((one, other) => one.changed - other.changed);
    for (const row of rows) this.put(row, rows.length > MANY ? "" : "new");
  }

  /** @param {number} number */
  remove(number) {
    this.shown.get(number)?.tr.remove();
    this.shown.delete(number);
  }

  /** @param {Row} row @param {string} name of its class, where it is new */
  put(row, name) {
    const known = this.shown.get(row.number);
    const tr = known?.tr ?? el("tr", {class: name, click: () => this.opened(row.number),
      animationend: (/** @type {Event} */ event) => /** @type {Element} */ (event.currentTarget).classList.remove("new")});
    if (!known) tr.append(...cells());
    if (!known || known.row.changed !== row.changed) fill(tr, row);
    if (this.body.firstChild !== tr) {
      const focused = tr.contains(document.activeElement) ? document.activeElement : null;
      this.body.prepend(tr);
      if (focused instanceof HTMLElement) focused.focus({preventScroll: true});
    }
    this.shown.set(row.number, {row, tr});
  }

  /** @param {number} by move the selection so many rows */
  move(by) {
    const all = [...this.body.rows];
    const now = all.findIndex((tr) => tr.classList.contains("at"));
    const next = all[Math.min(all.length - 1, Math.max(0, now + by))];
    all[now]?.classList.remove("at");
    if (next) {
      next.classList.add("at");
      next.querySelector("button")?.focus({preventScroll: true});
      next.scrollIntoView({block: "nearest"});
    }
  }
}

function cells() {
  return ["when", "", "place", "", "", "quiet", "number"].map((name) => el("td", name ? {class: name} : {}));
}

/** @param {HTMLTableRowElement} tr @param {Row} row */
function fill(tr, row) {
  const [when, verdict, place, tier, serves, because, tries] = /** @type {HTMLElement[]} */ ([...tr.cells]);
  say(when, clock(row.last || row.first));
  const word = verdictOf(row);
  if (verdict.textContent !== word) {
    verdict.replaceChildren(el("span", {class: `verdict ${classOf(row.outcome)}`}, word));
  }
  if (!place.hasChildNodes()) place.append(el("button", {type: "button", "aria-haspopup": "dialog"}, row.place));
  if (tier.textContent !== row.tier) tier.replaceChildren(el("span", {class: `tier ${row.tier}`}, row.tier));
  say(serves, servesOf(row));
  say(because, row.reason);
  const all = row.counts.reduce((sum, count) => sum + count, 0);
  say(tries, amount(all));
  tries.title = OUTCOMES.map((outcome, at) => `${amount(row.counts[at])} ${outcome}`).filter((text) => !text.startsWith("0 ")).join(", ");
}

/** @param {Row} row */
function verdictOf(row) {
  const word = row.outcome === "broken" && row.by ? `broken by ${row.by}` : row.outcome;
  return `${MARKS[row.outcome]} ${word}`;
}

/** @param {Row} row */
function servesOf(row) {
  const [first, ...more] = row.serves;
  if (!first) return "no vendor's";
  return `${first.vendor} / ${first.service}` + (more.length > 0 ? ` +${more.length}` : "");
}
