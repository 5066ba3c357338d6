/** The filter: in the form, and in the page's URL, so that it can be shared and comes back with the page. */
import {el, say, the} from "./dom.js";

const KEYS = ["q", "vendor", "service", "tier", "verdict", "client", "hide", "since", "until"];

export class Filters {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.form = /** @type {HTMLFormElement} */ (the("filters"));
    /** @type {URLSearchParams} */
    this.query = new URLSearchParams();
    this.read();
    this.form.addEventListener("input", () => this.typed());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", (event) => { event.preventDefault(); this.set(new URLSearchParams()); });
    window.addEventListener("popstate", () => { this.read(); this.changed(); });
  }

  /** @param {string} key @returns {string} */
  get(key) { return this.query.get(key) ?? ""; }

  get range() {
    const since = this.get("since"), until = this.get("until");
    return {since: since ? Number(since) : null, until: until ? Number(until) : null};
  }

  /** From the URL into the form. */
  read() {
    const given = new URLSearchParams(location.search);
    this.query = new URLSearchParams(KEYS.filter((key) => given.get(key)).map((key) => [key, given.get(key) ?? ""]));
    for (const field of this.form.elements) {
      if (field instanceof HTMLSelectElement) choose(field, this.get(field.name));
      else if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = this.get(field.name) !== "";
      else if (field instanceof HTMLInputElement) field.value = this.get(field.name);
    }
    the("unfilter").hidden = this.query.size === 0;
  }

  typed() {
    const given = new URLSearchParams(this.query);
    for (const [key, value] of new FormData(this.form)) given.set(key, String(value));
    if (!new FormData(this.form).has("hide")) given.delete("hide");
    if (given.get("vendor") !== this.get("vendor")) given.delete("service");
    this.set(given);
  }

  /** @param {Record<string, string | null>} some what to change of it; null takes back */
  change(some) {
    const given = new URLSearchParams(this.query);
    for (const [key, value] of Object.entries(some)) {
      if (value === null) given.delete(key);
      else given.set(key, value);
    }
    this.set(given);
  }

  /** @param {URLSearchParams} given */
  set(given) {
    for (const key of [...given.keys()]) if (!given.get(key)) given.delete(key);
    if (String(given) === String(this.query)) return;
    history.replaceState(null, "", given.size > 0 ? `?${given}` : location.pathname);
    this.read();
    this.changed();
  }

  /** @param {import("./types.js").Frame} frame */
  show(frame) {
    const vendor = /** @type {HTMLSelectElement} */ (this.form.elements.namedItem("vendor"));
    if (frame.vendors && vendor.options.length !== frame.vendors.length + 1) {
      vendor.replaceChildren(el("option", {value: ""}, "any"), ...frame.vendors.map((each) => el("option", {value: each.id}, each.title)));
      choose(vendor, this.get("vendor"));
    }
    const clients = the("clients");
    const known = new Set([...clients.children].map((option) => option.getAttribute("value")));
    for (const client of new Set(frame.rows.flatMap((row) => row.clients))) {
      if (!known.has(client) && clients.children.length < 100) clients.append(el("option", {value: client}));
    }
    const all = frame.totals.destinations;
    say(the("matched"), `${all === 1 ? "one" : all} in all` + (frame.totals.leftOut ? `, ${frame.totals.leftOut} older ones left out` : ""));
  }
}

/** @param {HTMLSelectElement} select @param {string} value which may not be among its options yet */
function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) select.append(el("option", {value}, value));
  select.value = value;
}
