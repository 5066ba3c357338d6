"""The page of a captive portal, and who has accepted its terms until when.

Knows clients' addresses and the clock. Refuses to decide whom the portal stops: access.py does, as the verdict says.
"""

import html
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from tierwall.policy.attempt import Attempt, NameSource
from tierwall.policy.behaviour import CaptivePortal
from tierwall.policy.model import Address
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.access.acceptances import Acceptances
from tierwall.report.wording import plural

ACCEPT: Final = "/accept"

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1c2430}}
button{{font:inherit;padding:.5rem 1.2rem}}small{{color:#57606a}}</style></head>
<body><h1>{title}</h1>{content}
<p><small>tierwall: a lab proxy that stands in for a network with a captive portal.</small></p></body></html>
"""
_TERMS: Final = (
    '<p>Accept the terms of this network to use it.</p><form method="post" action="/accept{back}">'
    '<button type="submit">Accept and connect</button></form>'
)
_MORE: Final = (
    '<form method="post" action="/accept{back}"><button type="submit">Accept again, for {lasts} more</button></form>'
)
_ON: Final = '<p>On to <a href="{to}">{to}</a></p><meta http-equiv="refresh" content="2;url={to}">'
API: Final = "/api"
"""Where clients ask whether they are captive (RFC 8908). By https, section 4 says; by plain HTTP it is for people."""

NO_HTTP: Final = "something else than HTTP for the captive portal's own host"
"""Why what is said to it, in a tunnel or inside TLS, gets nowhere."""

UNTRUSTED: Final = "the client does not accept the captive portal's certificate: it must trust the lab CA"
_FROM: Final = "from"
"""The parameter of the page's URL that says which page was asked for."""
_FROM_OCTETS: Final = 2048
_PER_CLIENT: Final = {"Content-Type": "application/captive+json", "Cache-Control": "private, no-store"}
"""Section 5: no cache that others share may keep it."""
_UNITS: Final = ((3600, "hour"), (60, "minute"), (1, "second"))
_HTML: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfPortal:
    """A request for a portal's own host."""

    method: str
    path: str
    scheme: str = "http"
    origin: str | None = None
    fetch_site: str | None = None

    def foreign(self, portal: CaptivePortal) -> str | None:
        """What says that another page than the portal's own accepts its terms, None where nothing does.

        A client that is no browser has neither field, and nobody can make it ask unawares.
        """
        if self.method != "POST":
            return None
        if self.origin is not None and self.origin not in _origins(portal):
            return "a page of another origin accepts the portal's terms"
        if self.fetch_site is not None and self.fetch_site not in {"same-origin", "none"}:
            return "a page of another site accepts the portal's terms"
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of the portal, after which the connection ends."""

    status: HTTPStatus
    more: Mapping[str, str]
    body: bytes = b""

    @property
    def fields(self) -> dict[str, str]:
        """Its header fields, but for the length of its body."""
        return {"Cache-Control": "no-store", "Connection": "close", **self.more}

    def octets(self, *, head_only: bool) -> bytes:
        """As they are sent."""
        fields = {**self.fields, "Content-Length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"HTTP/1.1 {self.status} {self.status.phrase}\r\n{lines}\r\n"
        return head.encode() + (b"" if head_only else self.body)


class Portals:
    """All portals of a site, each a host name of its own."""

    def __init__(self, now: Callable[[], float] = time.monotonic, acceptances: Acceptances | None = None) -> None:
        self._now, self._acceptances = now, acceptances or Acceptances()

    def accepted(self, portal: CaptivePortal, client: Address) -> bool:
        """Whether the client's acceptance holds."""
        return self._left(portal, client) > 0

    def answer(self, portal: CaptivePortal, client: Address, asked: AskedOfPortal) -> Answer:
        """The response to a request for the portal's own host. Only the form's POST accepts: links are prefetched.

        What is `foreign` accepts nothing.
        """
        match asked.method:
            case "POST" if asked.foreign(portal) is not None:
                return Answer(HTTPStatus.FORBIDDEN, {"X-Tierwall-Reason": "malformed"})
            case "POST" if asked.path.partition("?")[0] == ACCEPT:
                self._acceptances.accept(portal.portal, client, self._now() + portal.lasts)
                return Answer(HTTPStatus.SEE_OTHER, {"Location": home(portal, _asked_for(asked.path), asked.scheme)})
            case "GET" | "HEAD" if asked.path.partition("?")[0] == API:
                return Answer(HTTPStatus.OK, _PER_CLIENT, self._state(portal, client))
            case "GET" | "HEAD":
                return Answer(HTTPStatus.OK, _HTML, self._page(portal, client, _asked_for(asked.path)).encode())
            case _:
                return Answer(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})

    def _state(self, portal: CaptivePortal, client: Address) -> bytes:
        """RFC 8908 section 5: the portal is named by https, whichever way it was asked."""
        left = self._left(portal, client)
        said: dict[str, object] = {"captive": left <= 0, "user-portal-url": home(portal, scheme="https")}
        if left > 0:
            said |= {"seconds-remaining": math.ceil(left), "can-extend-session": True}
        return json.dumps(said).encode()

    def _page(self, portal: CaptivePortal, client: Address, asked_for: str | None) -> str:
        left, back = self._left(portal, client), html.escape(_back(asked_for))
        if left <= 0:
            return _PAGE.format(title=f"Welcome to {html.escape(portal.portal)}", content=_TERMS.format(back=back))
        more = _MORE.format(back=back, lasts=_duration(portal.lasts))
        on = _ON.format(to=html.escape(asked_for)) if asked_for else ""
        return _PAGE.format(title="You are connected", content=f"<p>For {_duration(left)} from now.</p>{on}{more}")

    def _left(self, portal: CaptivePortal, client: Address) -> float:
        return self._acceptances.until(portal.portal, client) - self._now()


def portal_of(site: Site, attempt: Attempt) -> CaptivePortal | None:
    """The captive portal of the site that an attempt asks for by its host's name."""
    if not site.behaviours:
        return None
    given = {name.value for name in attempt.names if name.source is not NameSource.DNS}
    portals = (each for each in site.behaviours if isinstance(each, CaptivePortal))
    return next((each for each in portals if each.portal in given), None)


def not_accepted(portal: CaptivePortal) -> str:
    """What is journalled of those whom it stops."""
    return f"nobody has accepted the terms at {home(portal)} from the client's address"


def home(portal: CaptivePortal, asked_for: str | None = None, scheme: str = "http") -> str:
    """The page's URL. `asked_for`: what the client wanted, and is led back to."""
    fit = asked_for if asked_for is not None and _is_page(asked_for) else None
    return f"{scheme}://{portal.portal}/{_back(fit)}"


def _origins(portal: CaptivePortal) -> frozenset[str]:
    """Of its own page, as browsers spell them, with and without the port."""
    host = portal.portal
    return frozenset({f"http://{host}", f"http://{host}:80", f"https://{host}", f"https://{host}:443"})


def _back(asked_for: str | None) -> str:
    return f"?{urlencode({_FROM: asked_for})}" if asked_for else ""


def _asked_for(path: str) -> str | None:
    """The page that a request for the portal's own says was asked for; anybody may write that."""
    found = parse_qs(path.partition("?")[2]).get(_FROM, [])
    return found[0] if found and _is_page(found[0]) else None


def _is_page(url: str) -> bool:
    """Whether a client may be sent there: plain HTTP, as all that is ever redirected, and nothing that hides."""
    if len(url.encode(errors="replace")) > _FROM_OCTETS or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and bool(parts.hostname) and parts.username is None


def _duration(seconds: float) -> str:
    """`1 hour`, `25 minutes`, `40 seconds`: people are told no more than the greatest unit."""
    whole = max(math.ceil(seconds), 1)
    size, unit = next((size, unit) for size, unit in _UNITS if whole >= size)
    return plural(round(whole / size), unit)
