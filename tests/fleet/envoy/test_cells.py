"""The cells of a site say what judge says, of every destination: read as Envoy reads them, against judge itself."""

from functools import cache
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierwall.fleet.envoy.cells import Cells, Row, Word, cells_of
from tierwall.loader import load_catalogue, load_site
from tierwall.loader.entries import EVERY_PORT
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen, Verdict
from tierwall.policy.dialect import Dialect
from tierwall.policy.hostname import is_private, suffixes
from tierwall.policy.judge import judge
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.model import Address, Ports, Transport
from tierwall.policy.site import ListEntry, Site, VendorEntry

CATALOGUE = load_catalogue([])
TCP = Transport.TCP
HTTPS = Ports(TCP, 443, 443)
NETWORKS = (ip_network("203.0.113.0/24"), ip_network("10.1.0.0/16"))
MADE_UP = Site(
    id="made-up",
    admit=(
        ListEntry(
            label="a", hosts=("*.corp.example", "corp.example"), ports=(Ports(TCP, 443, 443), Ports(TCP, 8000, 8999))
        ),
        ListEntry(label="b", hosts=("*.corp.example",), ports=(Ports(TCP, 22, 22),), dialect=Dialect.AZURE_FIREWALL),
        ListEntry(
            label="c", networks=(ip_network("203.0.113.0/24"), ip_network("10.1.0.0/16")), ports=(Ports(TCP, 1, 1024),)
        ),
        ListEntry(label="d", hosts=("a.b.web.example",), any_protocol=False),
        VendorEntry(vendor="8x8"),
    ),
    deny=(
        ListEntry(label="x", hosts=("*.files.corp.example",), ports=EVERY_PORT),
        ListEntry(label="y", networks=(ip_network("203.0.113.128/25"), ip_network("10.1.2.0/24")), ports=EVERY_PORT),
    ),
)
SITES = {name: load_site(name, CATALOGUE) for name in ("reference", "8x8-core-only", "pan-os-apex-gap", "closed")} | {
    "made-up": MADE_UP
}


@cache
def cells(name: str) -> Cells:
    return cells_of(SITES[name], CATALOGUE)


@cache
def bases(name: str) -> list[str]:
    policy = compiled_of(SITES[name], CATALOGUE)
    return sorted({*policy.admitted.hosts.marks, *policy.asked.hosts.marks, "files.corp.example", "unlisted.example"})


def row_of(found: Cells, name: str) -> Row:
    """As Envoy does: the name itself, else the longest wildcard above it, else what others are."""
    table = {cell.domain: cell.rows for cell in found.names}
    if name in table:
        return table[name][0]
    for labels, above in list(suffixes(name))[1:]:
        if (rows := table.get(f"*.{above}")) is not None:
            return next(row for row in rows if row.fewest <= labels and (row.most is None or labels <= row.most))
    return found.other_names


def at(found: Cells, port: int) -> int:
    return next(place for place, (first, last) in enumerate(found.spans) if first <= port <= last)


def said(name: str, attempt: Attempt) -> Word:
    verdict: Verdict = judge(SITES[name], CATALOGUE, attempt)
    return Word(True, "allow") if verdict.passes else Word(False, f"{verdict.reason}/{verdict.tier}")


PORTS = st.sampled_from([1, 22, 80, 443, 444, 1024, 1025, 3478, 7999, 8000, 8999, 9000, 10000, 65535]) | st.integers(
    1, 65535
)


@settings(max_examples=40)
@given(st.sampled_from(sorted(SITES)), st.data(), PORTS, st.sampled_from(["", "www.", "a.b.", "a.b.c.", "evil"]))
def test_of_a_name_they_say_what_judge_says(site: str, data: st.DataObject, port: int, before: str) -> None:
    host = before + data.draw(st.sampled_from(bases(site)))
    row, place = row_of(cells(site), host), at(cells(site), port)
    given_name = (GivenName(NameSource.CONNECT, host),)

    assert row.web[place] == said(site, Attempt(transport=TCP, port=port, names=given_name, seen=Seen.TLS))
    assert row.opaque[place] == said(site, Attempt(transport=TCP, port=port, names=given_name, seen=Seen.OPAQUE))


@settings(max_examples=40)
@given(st.sampled_from(sorted(SITES)), st.data(), PORTS)
def test_of_an_address_they_say_what_judge_says(site: str, data: st.DataObject, port: int) -> None:
    address = data.draw(addresses(site))
    found = next((each for each in cells(site).addresses if address in each.network), cells(site).other_addresses)
    place = at(cells(site), port)
    asked = (GivenName(NameSource.CONNECT, address),)

    assert found.asked[place] == said(site, Attempt(transport=TCP, port=port, names=asked, address=address))
    assert found.tls[place] == said(site, Attempt(transport=TCP, port=port, address=address, seen=Seen.TLS))
    assert found.opaque[place] == said(site, Attempt(transport=TCP, port=port, address=address, seen=Seen.OPAQUE))


@settings(max_examples=40)
@given(st.sampled_from(sorted(SITES)), st.data(), PORTS)
def test_an_admitted_name_leads_only_where_judge_lets_it(site: str, data: st.DataObject, port: int) -> None:
    address = data.draw(addresses(site))
    regions = sorted(cells(site).regions, key=lambda region: -region.network.prefixlen)
    region = next((each for each in regions if address in each.network), None)
    closed = region is not None and any(first <= port <= last for first, last in region.closed)

    for host in bases(site):
        attempt = Attempt(transport=TCP, port=port, names=(GivenName(NameSource.CONNECT, host),), dialled=address)
        if row_of(cells(site), host).web[at(cells(site), port)].passes:
            assert closed is (not said(site, attempt).passes)
            return


def addresses(site: str) -> st.SearchStrategy[Address]:
    policy = compiled_of(SITES[site], CATALOGUE)
    networks = sorted(
        {network for network, _ in policy.admitted.networks} | {network for network, _ in policy.asked.networks},
        key=str,
    )
    edges = [edge for each in networks for edge in (each.network_address, each.broadcast_address)]
    special = [
        ip_address(text) for text in ("10.1.2.3", "10.1.3.3", "203.0.113.200", "203.0.113.1", "169.254.169.254", "::1")
    ]
    return st.sampled_from([*edges, *special]) | st.ip_addresses()


@given(st.ip_addresses())
def test_no_private_address_is_left_out(address: Address) -> None:
    closed = [region.network for region in cells("closed").regions if region.closed]

    assert not is_private(address) or any(address in network for network in closed)


def test_a_list_of_ten_thousand_alike_is_judged_in_no_time() -> None:
    hosts = tuple(f"host{number}.list.example" for number in range(10_000))
    big = cells_of(Site(id="big", admit=(ListEntry(label="a", hosts=hosts),)), CATALOGUE)

    assert sum(cell.domain.endswith("list.example") for cell in big.names) == 20_000  # each, and what is below it


@pytest.mark.parametrize("name", sorted(SITES))
def test_the_spans_are_all_ports_once(name: str) -> None:
    ports = [port for first, last in cells(name).spans for port in range(first, last + 1)]

    assert ports == list(range(1, 65536))
