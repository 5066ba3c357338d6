"""A name is claimed where a client gives it for an address of its own choice; the site says which is dialled."""

from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, listed
from tierwall.policy.attempt import Attempt, GivenName, NameSource
from tierwall.policy.claimed_names import Claim, claim_of
from tierwall.policy.model import Transport
from tierwall.policy.site import Names, Site

CHOSEN = ip_address("203.0.113.9")
SNI = GivenName(NameSource.SNI, "go.corp.example")
HOST = GivenName(NameSource.HOST, "host.corp.example")
TARGET = GivenName(NameSource.HOST, "target.corp.example")


def site(names: Names, *networks: str) -> Site:
    return Site(id="lab", admit=(listed("*.corp.example", *networks, on=["tcp/443"], label="admit[0]"),), names=names)


def claimed(*names: GivenName, of: Site | None = None) -> Claim | None:
    attempt = Attempt(transport=Transport.TCP, port=443, names=names, address=CHOSEN)
    return claim_of(of or site(Names.TRUST), CATALOGUE, attempt)


@pytest.mark.parametrize(("names", "resolves"), [(Names.TRUST, False), (Names.RESOLVE, True)])
def test_the_site_says_what_is_dialled(names: Names, resolves: bool) -> None:
    assert claimed(SNI, of=site(names)) == Claim("go.corp.example", CHOSEN, resolves)


@pytest.mark.parametrize(
    ("given", "name"),
    [((SNI,), "go.corp.example"), ((SNI, HOST), "go.corp.example"), ((HOST, TARGET), "target.corp.example")],
    ids=["the SNI", "the SNI before a Host inside", "an absolute target, which overrides Host"],
)
def test_of_several_names_one_is_claimed(given: tuple[GivenName, ...], name: str) -> None:
    claim = claimed(*given)

    assert claim is not None
    assert claim.name == name


@pytest.mark.parametrize(
    "given",
    [
        (),
        (GivenName(NameSource.DNS, "go.corp.example"),),
        (GivenName(NameSource.CONNECT, CHOSEN),),
        (GivenName(NameSource.HOST, CHOSEN),),
    ],
    ids=["no name", "a name from our own DNS", "the address in CONNECT", "the address itself in Host"],
)
def test_nothing_is_claimed_by(given: tuple[GivenName, ...]) -> None:
    assert claimed(*given, of=site(Names.RESOLVE)) is None


def test_an_address_that_the_site_admits_itself_needs_no_name() -> None:
    assert claimed(SNI, of=site(Names.RESOLVE, "203.0.113.9/32")) is None
    assert claimed(SNI, of=site(Names.RESOLVE, "203.0.113.10/32")) is not None


def test_who_asked_for_a_name_chose_no_address() -> None:
    by_name = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.CONNECT, "go.corp.example"), SNI))

    assert claim_of(site(Names.RESOLVE), CATALOGUE, by_name) is None
