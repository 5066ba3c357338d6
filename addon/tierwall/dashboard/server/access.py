"""Who may ask the page's server what: hosts, origins, the token. Whatever is in doubt is refused.

A request is judged twice: `refusal` whoever asks, `lacks_token` where app.py's _Guarded wants the token.

Knows request headers only. The page is for browsers of this machine: a name that an attacker's DNS leads here (DNS
rebinding) is refused by its Host header, another site's script by its Origin or Sec-Fetch-Site.
"""

import hmac
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer."""

TOKEN: Final = "X-Tierwall-Token"  # noqa: S105 - the header's name

_HOST: Final = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]{1,5})?")
_OWN: Final = frozenset({"same-origin", "none"})


type Refusal = tuple[int, str]
"""The status, and the reason."""


def refusal(method: str, headers: Mapping[str, str]) -> Refusal | None:
    """Why a request is refused, whatever it knows; None where it may be answered."""
    host = headers.get("Host", "")
    if not _is_loopback(host):
        return 421, "This page answers to 127.0.0.1, [::1] and localhost only."
    if (origin := headers.get("Origin")) is not None and origin != f"http://{host}":
        return 403, "Another site asks, which may not."
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN and (method != "GET" or headers.get("Sec-Fetch-Mode") != "navigate"):
        return 403, "Another site asks, which may not."
    if method not in {"GET", "HEAD"} and headers.get("Content-Type") != "application/json":
        return 415, "Actions are JSON."
    return None


def lacks_token(headers: Mapping[str, str], token: str) -> Refusal | None:
    """The same where the token of this start is not given."""
    if hmac.compare_digest(headers.get(TOKEN, "").encode(), token.encode()):
        return None
    return 403, "The token is not the one of this start: open the address that was printed."


def _is_loopback(host: str) -> bool:
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["six"] or found["name"]
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
