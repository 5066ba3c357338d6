"""The list that opens what was denied: short, read back, and honest about what it opens besides."""

from ipaddress import ip_address

from tests.policy.catalogues import rule, service, vendor
from tierwall.policy.dialect import Dialect, NamePart, Reading, Rejected, Shape, read
from tierwall.policy.model import Catalogue, Transport
from tierwall.policy.projections.to_add import Wanted, covers, to_add

CATALOGUE = Catalogue(
    (
        vendor(
            "acme",
            services=[service("core")],
            rules=[
                rule("apps", "core", hosts=["*.acme.example", "acme.example"]),
                rule("turn", "core", hosts=[], networks=["203.0.113.0/28"], on=["udp/10000"]),
            ],
        ),
    )
)


def wanted(*hosts: str, port: int = 443) -> list[Wanted]:
    return [Wanted(host, Transport.TCP, port, ("acme/core",)) for host in hosts]


def entries(hosts: list[Wanted], dialect: Dialect = Dialect.LITERAL) -> list[str]:
    return [each.entry for each in to_add(CATALOGUE, hosts, dialect)]


def test_one_name_is_its_own_entry_and_opens_nothing_besides() -> None:
    (found,) = to_add(CATALOGUE, wanted("a.acme.example"), Dialect.LITERAL)

    assert (found.entry, found.ports, found.opens_besides) == ("a.acme.example", ("tcp/443",), ())


def test_several_names_are_one_pattern_of_the_vendor() -> None:
    (found,) = to_add(CATALOGUE, wanted("a.acme.example", "b.eu.acme.example"), Dialect.LITERAL)

    assert found.entry == "*.acme.example"
    assert found.opens_besides == ("every other name below acme.example",)


def test_a_pattern_that_does_not_take_in_the_apex_has_it_beside_it() -> None:
    hosts = wanted("a.acme.example", "b.acme.example", "acme.example")

    assert entries(hosts) == ["*.acme.example", "acme.example"]
    assert entries(hosts, Dialect.SQUID) == [".acme.example"]


def test_what_a_dialect_opens_besides_is_said() -> None:
    (found,) = to_add(CATALOGUE, wanted("a.acme.example", "b.acme.example"), Dialect.SQUID)

    assert found.opens_besides == ("acme.example", "every other name below acme.example")


def names_of(dialect: Dialect, entry: str) -> list[NamePart]:
    found = read(dialect, entry)
    return [] if isinstance(found, Rejected) else [part for part in found if isinstance(part, Reading | Shape)]


def test_every_entry_is_read_back_and_covers_what_was_wanted_in_every_dialect() -> None:
    names = ["a.acme.example", "b.eu.acme.example", "acme.example"]
    for dialect in Dialect:
        found = to_add(CATALOGUE, wanted(*names), dialect)
        parts = [part for each in found for part in names_of(dialect, each.entry)]

        assert [name for name in names if not covers(parts, name)] == [], dialect


def test_addresses_are_the_vendors_network_where_that_is_shorter() -> None:
    hosts = [Wanted(ip_address(f"203.0.113.{at}"), Transport.UDP, 10000, ("acme/core",)) for at in (1, 2)]

    assert [(each.entry, each.ports) for each in to_add(CATALOGUE, hosts, Dialect.LITERAL)] == [
        ("203.0.113.0/28", ("udp/10000",))
    ]
    assert entries(hosts[:1]) == ["203.0.113.1"]


def test_nothing_wanted_is_nothing_added() -> None:
    assert to_add(CATALOGUE, [], Dialect.SQUID) == ()
