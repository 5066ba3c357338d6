"""What destinations serve, asked of the catalogue once each.

Knows the judge's own look-up, through a site that admits everything. Names come from clients: most are no vendor's.
"""

from ipaddress import ip_address

from tierwall.audit.interest import Interest
from tierwall.dashboard.picture.destination import Key
from tierwall.dashboard.picture.line import Served
from tierwall.dashboard.picture.picture import Serves
from tierwall.policy.attempt import Attempt, GivenName, NameSource
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Catalogue, Transport


def serving(catalogue: Catalogue) -> Serves:
    """The look-up."""
    interest = Interest(catalogue)

    def serves(key: Key) -> tuple[Served, ...]:
        attempt = attempt_of(key)
        if attempt is None:
            return ()
        found = interest.serves(attempt)
        return tuple(Served(each.vendor, each.service, each.tier, each.symptom) for each in found)

    return serves


def attempt_of(key: Key) -> Attempt | None:
    """A client that goes there; None where the host is neither a name nor an address."""
    host, port, udp = key
    transport = Transport.UDP if udp else Transport.TCP
    try:
        return Attempt(transport=transport, port=port, address=ip_address(host))
    except ValueError:
        pass
    try:
        name = normalise(host)
    except InvalidHost:
        return None
    return Attempt(transport=transport, port=port, names=(GivenName(NameSource.CONNECT, name),))
