"""The site in force and what it refused lately -> a short page for people, on a phone too.

Knows HTML. All that a client, a site or a vendor file said is escaped; the page loads nothing and runs nothing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from tierwall import __version__
from tierwall.events import Action, Event
from tierwall.policy.behaviour import Behaviour, CaptivePortal, at_work
from tierwall.policy.match.vendor_rules import VendorRule, admitted_rules, egress_rules
from tierwall.policy.model import Catalogue, Tier
from tierwall.policy.site import ListEntry, Site
from tierwall.report.run.console import what_happened, why
from tierwall.report.run.recent import Recent
from tierwall.report.wording import destination_of, plural

_LONGEST: Final = 200
"""Characters of one cell."""

_COLOURS: Final = {Tier.CORE: "#b3261e", Tier.AUXILIARY: "#9a6700", Tier.ANALYTICS: "#0b6e8f", Tier.NONE: "#57606a"}
_COUNTED: Final = {
    Action.DENIED: "denied",
    Action.WOULD_DENY: "would be denied",
    Action.BROKEN: "broken by behaviours",
    Action.FAILED: "not reachable",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>tierwall: {site}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:1.5rem auto;padding:0 1rem;color:#1c2430}}
h1{{font-size:1.4rem}}h2{{font-size:1.1rem;margin-top:1.6rem}}small{{color:#667}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;
border-top:1px solid #dde}}
ul{{list-style:none;padding:0}}li{{border-top:1px solid #dde;padding:.4rem 0;overflow-wrap:anywhere}}
.tier{{padding:.1rem .5rem;border-radius:1rem;color:#fff;white-space:nowrap}}</style></head>
<body><h1>{title}</h1><p>{about}</p>
<h2>What the site admits</h2><table><tr><th>vendor</th>{tiers}</tr>{vendors}</table>{lists}{behaviours}
<h2>Since the start</h2><p>{counts}</p>{last}
<h2>For this device</h2>
<p><a href="/proxy.pac">/proxy.pac</a>: the vendors' hosts through this proxy;
<a href="/proxy.pac?all">/proxy.pac?all</a>: everything.<br>
<a href="/ca.pem">/ca.pem</a>: the lab CA, for inspecting sites, block pages inside TLS and portals asked by TLS.</p>
<p><small>tierwall {version}: a lab proxy that stands in for a corporate network.</small></p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Status:
    """What the page is about."""

    site: Site
    catalogue: Catalogue
    recent: Recent


def status_page(status: Status) -> str:
    """The page."""
    site = status.site
    return _PAGE.format(
        site=escape(site.id),
        title=escape(f"Site {site.id}"),
        about=escape(site.title) + ("" if site.enforce else " <b>Observes only: nothing is denied.</b>"),
        tiers="".join(f"<th>{_badge(tier)}</th>" for tier in _COLOURS if tier is not Tier.NONE),
        vendors="".join(_vendors(status)),
        lists=_lists(site),
        behaviours=_behaviours(site),
        counts=escape(_counts(status.recent)),
        last=_last(status.recent),
        version=escape(__version__),
    )


def _vendors(status: Status) -> Iterator[str]:
    """A row each: of how many rules, by their leading tier, how many are admitted."""
    admitted = _by_tier(admitted_rules(status.site, status.catalogue))
    asked = _by_tier(egress_rules(status.catalogue))
    for vendor in status.catalogue.vendors:
        cells = []
        for tier in (Tier.CORE, Tier.AUXILIARY, Tier.ANALYTICS):
            key = (vendor.id, tier)
            cells.append(f"<td>{admitted[key]} of {asked[key]}</td>" if asked[key] else "<td>–</td>")
        yield f"<tr><td>{escape(vendor.title)}</td>{''.join(cells)}</tr>"


def _by_tier(rules: list[VendorRule]) -> Counter[tuple[str, Tier]]:
    return Counter((each.vendor.id, each.tier) for each in rules)


def _lists(site: Site) -> str:
    own = [entry for entry in site.admit if isinstance(entry, ListEntry)]
    if not own:
        return ""
    hosts, networks = sum(len(entry.hosts) for entry in own), sum(len(entry.networks) for entry in own)
    return f"<p>And its own lists: {plural(hosts, 'host')}, {plural(networks, 'network')}.</p>"


def _behaviours(site: Site) -> str:
    """What acts on what is admitted, and where a portal's terms are accepted."""
    if not site.behaviours:
        return ""
    items = "".join(
        f"<li><b>{each.NAME}</b> {escape(_cut(at_work(each)))}{_portal(each)}</li>" for each in site.behaviours
    )
    return f"<h2>What its middleboxes do</h2><ul>{items}</ul>"


def _portal(behaviour: Behaviour) -> str:
    if not isinstance(behaviour, CaptivePortal):
        return ""
    where = escape(f"http://{behaviour.portal}/")
    return f'<br>Its page, through this proxy: <a href="{where}">{where}</a>'


def _counts(recent: Recent) -> str:
    counted = [f"{recent.counts[action]:,} {what}" for action, what in _COUNTED.items() if recent.counts[action]]
    if faults := recent.counts[Action.FAULT]:
        counted.append(plural(faults, "fault"))
    return ", ".join(counted) or "Nothing was denied."


def _last(recent: Recent) -> str:
    if not recent.last:
        return ""
    return f"<ul>{''.join(_entry(event) for event in reversed(recent.last))}</ul>"


def _entry(event: Event) -> str:
    """Two lines: a table of four columns is unreadable on a phone."""
    said = _cut(" – ".join(part for part in (what_happened(event), why(event)) if part))
    there = f"<b>{escape(_cut(destination_of(event)))}</b>"
    when = f"<small>{event.when.astimezone():%H:%M:%S}</small>"
    return f"<li>{when} {_badge(event.tierwall.tier)} {there}<br>{escape(said)}</li>"


def _badge(tier: Tier) -> str:
    return f'<span class="tier" style="background:{_COLOURS[tier]}">{tier}</span>'


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
