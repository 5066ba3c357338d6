/** The page: frames come in as server-sent events, each part shows what is new of its own. */
import {act, listen, Refused, takeToken} from "./ask.js";
import {doOrSay, openDetail, openKeys, openMark, openSwitches, saveReport} from "./dialog.js";
import {the} from "./dom.js";
import {Filters} from "./filters.js";
import {showHead, showLost} from "./head.js";
import {Matrix} from "./matrix.js";
import {Rows} from "./rows.js";
import {Timeline} from "./timeline.js";

/** @typedef {import("./types.js").Frame} Frame */

const AGAIN_MS = 1000, TYPING_MS = 150;

takeToken();
let listening = new AbortController();
/** @type {Frame | null} */
let latest = null;
let typing = 0;

const filters = new Filters(() => {
  clearTimeout(typing);
  typing = window.setTimeout(connect, TYPING_MS);
});
const matrix = new Matrix((vendor, service) => {
  const again = filters.get("vendor") === vendor && filters.get("service") === service;
  filters.change({vendor: again ? null : vendor, service: again ? null : service});
});
const rows = new Rows(openDetail);
const timeline = new Timeline((since, until) => filters.change({
  since: since === null ? null : String(since), until: until === null ? null : String(until)}));

async function connect() {
  listening.abort();
  const {signal} = listening = new AbortController();
  while (!signal.aborted) {
    try {
      await listen(`stream?${filters.query}`, show, signal);
    } catch (fault) {
      if (signal.aborted) return;
      showLost(fault instanceof Refused ? fault.message : "");
    }
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

/** @param {Frame} frame */
function show(frame) {
  latest = frame;
  filters.show(frame);
  showHead(frame);
  matrix.show(frame, {vendor: filters.get("vendor"), service: filters.get("service")});
  rows.show(frame);
  timeline.show(frame, filters.range);
}

the("mark").addEventListener("click", openMark);
the("switch").addEventListener("click", () => openSwitches(latest?.about.sites ?? []));
the("clear").addEventListener("click", () => doOrSay("Not cleared", () => act("clear", {})));
the("report").addEventListener("click", saveReport);

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  const typed = target.matches("input:not([type=checkbox]), select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typed) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const keys = /** @type {Record<string, () => void>} */ ({
    "/": () => /** @type {HTMLElement | null} */ (document.querySelector("#filters [name=q]"))?.focus(),
    " ": () => rows.pause(),
    j: () => rows.move(1),
    k: () => rows.move(-1),
    m: () => { if (!the("acts").hidden && !the("mark").hidden) openMark(); },
    "?": openKeys,
  });
  const todo = keys[event.key];
  if (todo && !(event.key === " " && target.matches("button, summary, [type=checkbox]") && !target.closest("#rows"))) {
    event.preventDefault();
    todo();
  }
});

connect();
