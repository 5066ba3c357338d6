"""The page that a person sees in the place of what was refused: what, why, what breaks, and what to do now.

Knows HTML. All that a client, a site or a vendor's file said is escaped; the page loads nothing, and runs one line that
copies what a ticket needs.
"""

import base64
import hashlib
import html
from dataclasses import dataclass
from typing import Final

from tierwall.policy.attempt import Reason, Verdict
from tierwall.policy.model import Tier

_COPY: Final = (
    "document.querySelector('button').onclick=function(){var t=document.querySelector('textarea');"
    "t.select();document.execCommand('copy');this.textContent='Copied'}"
)
"""The older way to copy: the newer one works on pages that came by HTTPS alone."""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Blocked: {reason}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2430}}
h1{{font-size:1.4rem;overflow-wrap:anywhere}}h2{{font-size:1.1rem;margin:1.6rem 0 .4rem}}
.tier{{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:{colour}}}
dt{{font-weight:600;margin-top:.8rem}}dd{{margin:0;overflow-wrap:anywhere}}small{{color:#57606a}}
textarea{{width:100%;box-sizing:border-box;font:13px/1.4 ui-monospace,monospace;padding:.5rem;border:1px solid #ccd}}
button{{font:inherit;padding:.3rem 1rem;margin-top:.4rem}}</style></head>
<body><h1>{target} is blocked here</h1><p><span class="tier">{tier}</span> {impact}</p><dl>{rows}</dl>
<h2>What to do now</h2><p>{advice}</p>
<textarea readonly rows="4" aria-label="For the ticket">{ticket}</textarea><br><button type="button">Copy</button>
<p><small>tierwall, site {site}: a lab proxy that stands in for a corporate network.</small></p>
<script>{copy}</script></body></html>
"""
_COLOURS: Final = {Tier.CORE: "#b3261e", Tier.AUXILIARY: "#9a6700", Tier.ANALYTICS: "#0b6e8f", Tier.NONE: "#57606a"}

_HASH: Final = base64.b64encode(hashlib.sha256(_COPY.encode()).digest()).decode()
FIELDS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Header fields that go with the page."""

_ADVICE: Final = {
    Reason.CLIENT_REFUSED: "This device may not use the proxy. Ask whoever runs it to add its network.",
    Reason.MALFORMED: "The proxy cannot read the request. Check the address; where it is right, report this line.",
    Reason.SELF_CONNECT: "The address is the proxy's own. Open its pages without the proxy.",
    Reason.ERROR: "The proxy failed. Report this line.",
}
_ASK: Final = "If you need this page, send this line to whoever runs the network; it says what to look for."


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What a refusal may tell: the verdict, the destination as the client named it, and the site."""

    verdict: Verdict
    target: str
    site: str
    when: str | None = None
    """UTC, as people write it."""
    client: str | None = None
    """The client's own address."""
    event: str | None = None
    """The id of the journal's event."""


def page(refused: Refused) -> bytes:
    """The page."""
    verdict = refused.verdict
    return _PAGE.format(
        reason=html.escape(str(verdict.reason)),
        target=html.escape(refused.target),
        tier=html.escape(str(verdict.tier)),
        colour=_COLOURS[verdict.tier],
        impact="" if verdict.breaks else "Nothing that a vendor documents breaks.",
        rows="".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in _rows(refused)),
        advice=html.escape(_ADVICE.get(verdict.reason, _ASK) if verdict.reason else _ASK),
        ticket=html.escape(ticket(refused)),
        site=html.escape(refused.site),
        copy=_COPY,
    ).encode()


def explanation(verdict: Verdict) -> list[tuple[str, str]]:
    """The reason, and what that breaks."""
    rows = [("reason", f"{verdict.reason}" + (f" ({verdict.detail})" if verdict.detail else ""))]
    rows += [("breaks", f"{hit.vendor} {hit.service} ({hit.tier}): {hit.symptom}") for hit in verdict.breaks[:4]]
    return rows


def ticket(refused: Refused) -> str:
    """One line that says all that somebody needs to look for it."""
    verdict = refused.verdict
    hit = ", ".join(f"{each.vendor}/{each.service}" for each in verdict.breaks[:4]) or "nothing documented"
    tier = "" if verdict.tier is Tier.NONE else f", tier {verdict.tier}"
    parts = [f"{refused.target} blocked by tierwall site {refused.site}: {verdict.reason}{tier}"]
    parts += [f"breaks {hit}"]
    parts += [f"client {refused.client}"] if refused.client else []
    parts += [f"event {refused.event}"] if refused.event else []
    return (f"{refused.when} " if refused.when else "") + "; ".join(parts)


def _rows(refused: Refused) -> list[tuple[str, str]]:
    own = (("time", refused.when), ("your address", refused.client), ("event", refused.event))
    return [*explanation(refused.verdict), *((term, text) for term, text in own if text is not None)]
