/** The top: where this comes from, the site and its behaviours, totals now, open tunnels, moments and faults. */
import {amount, clock, el, octets, say, span, the} from "./dom.js";
import {OUTCOMES} from "./types.js";
import {hasToken} from "./ask.js";

/** @param {import("./types.js").Frame} frame */
export function showHead(frame) {
  const {about, totals} = frame;
  say(the("source"), about.kind === "journal" ? `journal ${about.title}` + (about.site ? `, site ${about.site}` : "") : `site ${about.site ?? "?"}, ${about.title}`);
  document.title = `${about.site ?? "journal"} – tierwall`;
  const lost = about.connected === false;
  the("state").className = `chip ${lost ? "lost" : "live"}`;
  say(the("state"), lost ? "the proxy has ended; waiting for the next" : stateOf(about, totals));
  const tunnels = about.open ?? 0;
  const by = (/** @type {import("./types.js").Outcome} */ outcome) => totals.counts[OUTCOMES.indexOf(outcome)];
  /** @type {[string, number][]} */
  const numbers = [["allowed", by("works")], ["refused", by("refused")], ["broken", by("broken")]];
  if (by("would be refused")) numbers.push(["would be refused", by("would be refused")]);
  if (by("unreachable")) numbers.push(["unreachable", by("unreachable")]);
  numbers.push(about.kind === "proxy" ? ["open now", tunnels] : ["ended", totals.closed]);
  the("totals").replaceChildren(...numbers.map(([name, count]) => el("div", {}, el("dt", {}, name), el("dd", {}, amount(count)))));
  the("acts").hidden = about.actions.length === 0 || !hasToken();
  for (const action of ["mark", "switch", "clear", "report"]) the(action).hidden = !about.actions.includes(action);
  showForce(about);
  showWarning(frame);
  if (about.tunnels) showTunnels(about);
  the("tunnels").hidden = !about.tunnels || about.tunnels.length === 0;
  if (frame.notes) showNotes(frame.notes);
}

/** @param {string} refused why, where the server answers and lets nobody look who does not know the token */
export function showLost(refused) {
  the("state").className = "chip lost";
  say(the("state"), refused ? "not shown" : "no connection; trying again");
  if (refused) {
    the("warning").hidden = false;
    say(the("warning"), refused);
  }
}

/** @param {import("./types.js").About} about @param {import("./types.js").Totals} totals */
function stateOf(about, totals) {
  if (about.kind === "journal") {
    return typeof about.reading === "number" ? `reading, ${Math.round(about.reading * 100)} %` : `${amount(totals.events)} events`;
  }
  return about.since ? `live for ${span(Date.now() / 1000 - about.since)}` : "live";
}

/** @param {import("./types.js").About} about */
function showForce(about) {
  const sites = about.sites ?? [];
  const chips = sites.flatMap(({site, behaviours, switched}) => {
    const of = sites.length > 1 ? `${site}: ` : "";
    return [
      ...behaviours.map((each) => el("span", {class: "chip", title: each.does},
        of + each.behaviour + (each.scope ? ` on ${each.scope}` : "") + (switched[each.behaviour] ? ", by hand" : ""))),
      ...Object.entries(switched).filter(([, how]) => how === "off").map(([name]) => el("span", {class: "chip"}, `${of}${name} switched off`)),
    ];
  });
  the("force").replaceChildren(...(chips.length > 0 ? [el("span", {class: "quiet"}, "behaviours"), ...chips] : []));
}

/** @param {import("./types.js").Frame} frame */
function showWarning({about, totals}) {
  const said = [];
  if (totals.lost) said.push(`${amount(totals.lost)} events came too fast for this page and are not counted here; denials are all in the journal.`);
  if (about.unseen) said.push(about.unseen);
  if (totals.unreadable) said.push(`${amount(totals.unreadable)} lines could not be read.`);
  if (about.actions.length > 0 && !hasToken()) said.push("To change something, open the address that was printed in the terminal: it ends in a token.");
  the("warning").hidden = said.length === 0;
  say(the("warning"), said.join("\n"));
}

/** @param {import("./types.js").About} about */
function showTunnels(about) {
  const shown = about.tunnels ?? [];
  const more = (about.open ?? 0) - shown.length;
  say(the("tunnels-said"), more > 0 ? `the oldest ${shown.length} of ${amount(about.open ?? 0)}` : "passed through untouched");
  document.querySelector("#tunnels tbody")?.replaceChildren(...shown.map((each) => el("tr", {}, el("td", {class: "place"}, each.place),
    el("td", {}, each.client), el("td", {class: "number"}, span(each.age)), el("td", {class: "number"}, octets(each.sent)),
    el("td", {class: "number"}, octets(each.received)))));
}

/** @param {import("./types.js").Note[]} notes */
function showNotes(notes) {
  the("notes").hidden = notes.length === 0;
  the("notes").querySelector("ul")?.replaceChildren(...notes.toReversed().map((note) => el("li", {},
    el("span", {class: "when"}, clock(note.when)), ` ${note.kind === "marked" ? "⚑" : note.kind}: ${note.text}`)));
}
