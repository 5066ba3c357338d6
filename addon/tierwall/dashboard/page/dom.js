/**
 * Elements made of text: whatever a client, a site or a vendor's file said is text here, and never markup.
 * Nothing in this page uses innerHTML.
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} given attributes; functions are listeners
 * @param {...(Node | string | null | undefined)} inside
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  for (const each of inside) if (each !== null && each !== undefined) made.append(each);
  return made;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} given
 * @param {...(Node | string)} inside
 * @returns {SVGElement}
 */
export function svg(tag, given = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/**
 * The element with that id, which the page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function the(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
}

/** @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} word a verdict or tier @returns {string} as a class */
export const classOf = (word) => word.replaceAll(" ", "-");

const whole = new Intl.NumberFormat("en");
/** @param {number} count */
export const amount = (count) => whole.format(count);

/** @param {number} count octets, decimal, as network people count */
export function octets(count) {
  if (count < 1000) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let at = -1;
  while (count >= 999.5 && at < units.length - 1) { count /= 1000; at += 1; }
  return `${count < 9.95 ? count.toFixed(1) : Math.round(count)} ${units[at]}`;
}

/** @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

/** @param {string} when RFC 3339 @returns {string} local time of day */
export function clock(when) {
  const date = new Date(when);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleTimeString("en-GB");
}
