"""Where a connection leads whose client went to an address of its own choice and only says a name for it.

Knows the site's `names` and what it admits. Refuses to resolve anything: whether the name leads to the address, the
shell finds out.
"""

from dataclasses import dataclass

from tierwall.policy.attempt import Attempt, NameSource
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.match.coverage import plain, serving
from tierwall.policy.model import Address, Catalogue
from tierwall.policy.site import Names, Site


@dataclass(frozen=True, slots=True)
class Claim:
    """A name in a ClientHello or a Host field, and the address that the client chose without asking anybody of ours."""

    name: str | Address
    """An address where the client wrote a literal in the place of a name."""
    address: Address
    resolves: bool
    """Whether what the name leads to is dialled. If not, the address is, whatever the name leads to."""


def claim_of(site: Site, catalogue: Catalogue, attempt: Attempt) -> Claim | None:
    """What the attempt claims; None where it chose no address, gave no name for it, or the site admits the address too.

    An address that the site admits by itself needs no name to be dialled, so none is looked up for it.
    """
    name, address = _claimed(attempt), attempt.address
    if name is None or address is None or plain(name) == plain(address):
        return None
    chosen = plain(address)
    if serving(compiled_of(site, catalogue).admitted.find(chosen), chosen, attempt) is not None:
        return None
    return Claim(name, address, site.names is Names.RESOLVE)


def _claimed(attempt: Attempt) -> str | Address | None:
    """The SNI; in plain HTTP the last, an absolute target, which overrides Host (RFC 9112 section 3.2.2).

    A name in CONNECT or SOCKS5 is where the client wants to be led to, and one from DNS is our own word.
    """
    said = None
    for name in attempt.names:
        if name.source is NameSource.SNI:
            return name.value
        if name.source is NameSource.HOST:
            said = name.value
    return said
