/** What opens above the page: a destination's detail, the moment to mark, behaviours and sites, the keys. */
import {act, get} from "./ask.js";
import {el, the} from "./dom.js";

/** @typedef {import("./types.js").Detail} Detail */

const dialog = /** @type {HTMLDialogElement} */ (the("dialog"));
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

/** @param {string} title @param {...(Node | string | null)} inside */
function open(title, ...inside) {
  dialog.replaceChildren(
    el("div", {class: "top"}, el("h2", {id: "dialog-title"}, title),
      el("button", {type: "button", click: () => dialog.close()}, "Close")),
    el("p", {id: "said", role: "alert"}), ...inside.filter((each) => each !== null));
  if (!dialog.open) dialog.showModal();
}

/** @param {unknown} fault */
function complain(fault) { the("said").textContent = fault instanceof Error ? fault.message : String(fault); }

/** @param {() => Promise<void>} work */
async function attempt(work) {
  try { await work(); } catch (fault) { complain(fault); }
}

/** @param {string} label @param {string} text */
function copy(label, text) {
  const button = el("button", {type: "button", click: async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch { complain("The browser does not let this page copy; the text stands below."); }
  }}, label);
  return button;
}

/** @param {number} number @param {string} [dialect] */
export async function openDetail(number, dialect = localStorage.getItem("tierwall-dialect") ?? "literal") {
  try {
    const found = /** @type {Detail} */ (await get(`detail?number=${number}&dialect=${encodeURIComponent(dialect)}`));
    showDetail(found);
  } catch (fault) {
    open("It is no more in the list", el("p", {}, fault instanceof Error ? fault.message : ""));
  }
}

/** @param {Detail} found */
function showDetail(found) {
  const json = JSON.stringify(found.events.length === 1 ? found.events[0] : found.events, null, 2);
  open(found.place,
    el("div", {class: "row"}, copy("Copy for a ticket", found.ticket), copy("Copy JSON", json),
      found.curl ? copy("Copy curl", found.curl) : null),
    el("h3", {}, "What happened"), el("pre", {}, found.ticket),
    ...explained(found), ...mending(found),
    el("details", {}, el("summary", {}, "The last event of each kind"), el("pre", {}, json)),
    found.curl ? el("pre", {}, found.curl) : null);
}

/** @param {Detail} found */
function explained(found) {
  const said = found.explain;
  if (!said) return found.unexplained ? [el("h3", {}, "Explained"), el("p", {class: "quiet"}, found.unexplained)] : [];
  const line = said.verdict === "deny"
    ? `${said.reason}${said.detail ? `: ${said.detail}` : ""}`
    : `let through${said.admitted_by ? ` by ${said.admitted_by}` : ""}`;
  return [
    el("h3", {}, `Explained, under the site ${said.site}`), el("p", {}, line),
    el("ul", {}, ...said.breaks.slice(0, 12).map((each) => el("li", {},
      el("span", {class: `tier ${each.tier}`}, each.tier), ` ${each.vendor} / ${each.service}`,
      said.verdict === "deny" ? `: ${each.symptom}` : "", el("span", {class: "quiet"}, each.source ? ` (${each.source})` : "")))),
    ...(said.behaviours ?? []).map((each) => el("p", {class: "quiet"}, `${each.behaviour} acts on it: ${each.does}`)),
  ];
}

/** @param {Detail} found */
function mending(found) {
  const choose = el("select", {"aria-label": "Dialect", change: () => {
    localStorage.setItem("tierwall-dialect", choose.value);
    openDetail(found.number, choose.value);
  }}, ...found.dialects.map((each) => el("option", {value: each, selected: each === found.dialect}, each)));
  if (found.behaviour) {
    return [el("h3", {}, "What would mend it"), el("p", {},
      `No entry does: the list lets it through, and ${found.behaviour} breaks it. Exempt this destination from it, or switch it off.`)];
  }
  if (found.mend.length === 0) return [];
  return [
    el("h3", {}, "What would mend it"),
    el("div", {class: "row"}, "as", choose, "spells it", copy("Copy", found.mend.map((each) => each.entry).join("\n"))),
    ...found.mend.map((each) => el("p", {}, el("code", {}, each.entry), ` ${each.ports.join(", ")} for ${each.serves.join(", ")}`,
      el("span", {class: "quiet"}, each.besides.length > 0 ? `; opens besides: ${each.besides.slice(0, 4).join("; ")}` : "; opens nothing besides"))),
  ];
}

export function openMark() {
  const note = el("input", {name: "note", maxlength: "200", required: true, placeholder: "clicked Join", "aria-label": "What happens now"});
  open("Mark a moment", el("p", {class: "quiet"}, "It goes into the journal, the time line and the report."),
    el("form", {submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      attempt(async () => { await act("tell", {do: "mark", note: note.value}); dialog.close(); });
    }}, note, el("button", {}, "Mark")));
  note.focus();
}

/** @param {import("./types.js").Site[]} sites @param {import("./types.js").Site} [meant] the one that is told, of several */
export async function openSwitches(sites, meant = sites[0]) {
  open("Behaviours and site");
  await attempt(async () => {
    const choices = /** @type {import("./types.js").Choices} */ (await get("choices"));
    const acting = new Set(meant?.behaviours.map((each) => each.behaviour));
    const tell = (/** @type {object} */ what) => attempt(async () => { await act("tell", {...what, site: meant?.site}); dialog.close(); });
    const site = el("select", {"aria-label": "Site"}, ...choices.sites.map((name) => el("option", {value: name, selected: name === meant?.named}, name)));
    open("Behaviours and site", sites.length > 1 ? whose(sites, meant) : null,
      el("form", {submit: (/** @type {Event} */ event) => { event.preventDefault(); tell({do: "site", name: site.value}); }},
        sites.length > 1 ? `Instead of ${meant?.site}` : "Site", site, el("button", {}, "Switch to it")),
      el("p", {class: "quiet"}, "Switches last until they are taken back or the proxy ends; the site's file is not touched."),
      el("div", {class: "row"}, el("button", {type: "button", click: () => tell({do: "take-back"})}, "Take every switch back")),
      ...choices.behaviours.map((each) => behaviour(each, acting.has(each.name), tell)));
  });
}

/** @param {import("./types.js").Site[]} sites @param {import("./types.js").Site} [meant] */
function whose(sites, meant) {
  const choose = el("select", {"aria-label": "Whose clients", change: () => openSwitches(sites, sites[choose.selectedIndex])},
    ...sites.map((each) => el("option", {value: each.site, selected: each === meant}, each.site)));
  return el("div", {class: "row"}, "Several sites are served. What follows is for the clients of", choose);
}

/** @param {{name: string, does: string}} each @param {boolean} on @param {(what: object) => void} tell */
function behaviour(each, on, tell) {
  const given = el("input", {name: "set", "aria-label": `Parameters of ${each.name}`, placeholder: "after=5s scope.vendor=vevox"});
  const parameters = () => given.value.trim().split(/\s+/).filter((text) => text);
  return el("div", {},
    el("h3", {}, each.name, on ? el("span", {class: "verdict broken"}, "on") : ""), el("p", {class: "quiet"}, each.does),
    el("form", {submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      tell({do: "switch", name: each.name, assignments: parameters()});
    }}, given, el("button", {}, on ? "Set" : "Switch on"),
    on ? el("button", {type: "button", click: () => tell({do: "switch", name: each.name, assignments: null})}, "Switch off") : null));
}

export function openKeys() {
  const keys = [["/", "filter"], ["Space", "pause and go on"], ["j, k", "next and previous destination"], ["Enter", "its detail"],
    ["m", "mark a moment"], ["Esc", "close, or leave the filter"], ["?", "this list"]];
  open("Keys", el("ul", {}, ...keys.map(([key, does]) => el("li", {}, el("kbd", {}, key), ` ${does}`))));
}

export async function saveReport() {
  try {
    const {html} = await act("report", {});
    const url = URL.createObjectURL(new Blob([html], {type: "text/html"}));
    el("a", {href: url, download: "tierwall-report.html"}).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  } catch (fault) {
    open("No report", el("p", {}, fault instanceof Error ? fault.message : ""));
  }
}

/** @param {string} title @param {() => Promise<void>} work */
export async function doOrSay(title, work) {
  try { await work(); } catch (fault) { open(title, el("p", {}, fault instanceof Error ? fault.message : "")); }
}
