/**
 * What the proxy's machine sends, as picture/frames.py makes it. Types only; tsc checks the other modules against them.
 *
 * @typedef {"refused" | "broken" | "unreachable" | "would be refused" | "works"} Outcome
 * @typedef {"core" | "auxiliary" | "analytics" | "none"} Tier
 *
 * @typedef {object} Row
 * @property {number} number
 * @property {string} place
 * @property {Tier} tier
 * @property {{vendor: string, service: string, tier: Tier}[]} serves
 * @property {Outcome} outcome
 * @property {string} reason
 * @property {string | null} by
 * @property {number[]} counts by outcome
 * @property {string[]} clients
 * @property {string} first
 * @property {string} last
 * @property {number} sent
 * @property {number} received
 * @property {number} changed
 *
 * @typedef {object} Cell
 * @property {string} vendor
 * @property {string} service
 * @property {string} title
 * @property {Tier} tier
 * @property {string} symptom
 * @property {boolean} inbound
 * @property {Outcome | null} outcome
 * @property {string[]} by
 * @property {number[]} counts destinations, by outcome
 *
 * @typedef {object} Totals
 * @property {number[]} counts
 * @property {number} events
 * @property {number} closed
 * @property {number} sent
 * @property {number} received
 * @property {number} unreadable
 * @property {number} leftOut
 * @property {number} lost
 * @property {number} destinations
 * @property {string} first
 * @property {string} last
 *
 * @typedef {{start: number, width: number, from: number, columns: number[][]}} Columns
 * @typedef {{when: string, second: number, kind: string, text: string}} Note
 *
 * @typedef {object} Tunnel
 * @property {string} place
 * @property {string} client
 * @property {number} age
 * @property {number} sent
 * @property {number} received
 *
 * @typedef {object} Site
 * @property {string} site
 * @property {string} named as it was put in force: a bundled name, or a file
 * @property {{behaviour: string, does: string, scope: string}[]} behaviours
 * @property {Record<string, "on" | "off">} switched by hand
 *
 * @typedef {object} About
 * @property {"journal" | "proxy"} kind
 * @property {string} title
 * @property {string | null} site
 * @property {number | null} [reading]
 * @property {string[]} actions what can be done here: clear, report, mark, switch
 * @property {boolean} [connected]
 * @property {Site[]} [sites] that are served, each to its own clients
 * @property {string | null} [unseen] what of the run is not on the page, in words
 * @property {number} [open]
 * @property {Tunnel[]} [tunnels]
 * @property {number} [since]
 *
 * @typedef {object} Frame
 * @property {boolean} whole
 * @property {Totals} totals
 * @property {Row[]} rows
 * @property {number[]} gone
 * @property {Cell[]} cells
 * @property {Columns} time
 * @property {{id: string, title: string}[]} [vendors]
 * @property {Note[]} [notes]
 * @property {About} about
 *
 * @typedef {object} Impact
 * @property {string} vendor
 * @property {string} service
 * @property {Tier} tier
 * @property {string} rule
 * @property {string} source
 * @property {string} symptom
 *
 * @typedef {object} Explained
 * @property {string} verdict
 * @property {string | null} reason
 * @property {string | null} detail
 * @property {string} site
 * @property {string | null} admitted_by
 * @property {Impact[]} breaks
 * @property {Impact[]} near
 * @property {{behaviour: string, does: string}[]} [behaviours]
 *
 * @typedef {object} Detail
 * @property {number} number
 * @property {string} place
 * @property {object[]} events
 * @property {string} ticket
 * @property {string} [curl]
 * @property {string} [target]
 * @property {Explained} [explain]
 * @property {string} [unexplained]
 * @property {string | null} behaviour that broke it
 * @property {string[]} dialects
 * @property {string} dialect
 * @property {{entry: string, ports: string[], serves: string[], besides: string[]}[]} mend
 *
 * @typedef {{behaviours: {name: string, does: string}[], sites: string[]}} Choices
 */

/** @type {Outcome[]} in the order of `counts` */
export const OUTCOMES = ["refused", "broken", "unreachable", "would be refused", "works"];
/** @type {Tier[]} in the order of a column's numbers */
export const TIERS = ["core", "auxiliary", "analytics", "none"];
/** @type {Record<string, string>} a mark beside each word, for whoever does not see the colours */
export const MARKS = {refused: "✕", broken: "⚡", unreachable: "⊘", "would be refused": "△", works: "✓", unseen: "○"};
