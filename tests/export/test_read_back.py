"""Every export, read back, covers exactly what was asked for, or says what it does not."""

from collections.abc import Collection
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.export.probing import disagreements
from tests.export.reading.readers import READERS, said
from tierwall.export import PRODUCTS, CannotExport, List, NothingSelected, ProductId, Stamp, Wanted, select, write
from tierwall.loader import load_catalogue, load_site
from tierwall.loader.spelling import spelled
from tierwall.policy.dialect import Dialect, Rejected, read
from tierwall.policy.hostname import InvalidPattern, normalise
from tierwall.policy.match.vendor_rules import VendorRule, admitted_rules, all_rules
from tierwall.policy.model import Catalogue, Ports, Tier, Transport
from tierwall.policy.site import ListEntry, Site, VendorEntry

STAMP = Stamp(on=date(2026, 11, 27), version="0")
CATALOGUE = load_catalogue([])
REFERENCE = load_site("reference", CATALOGUE)


def _is_exported(rule: VendorRule, tiers: Collection[Tier]) -> bool:
    """Whether a document says, or needs, where it goes."""
    return str(rule) in ADMITTED and any(impact.tier in tiers for impact in rule.impacts)


ADMITTED = {
    str(rule): rule.vendor.id for rule in admitted_rules(REFERENCE, CATALOGUE) if rule.rule.hosts or rule.rule.networks
}
"""By name: the same rule is another object once others asked for other catalogues."""

VENDORS = list(dict.fromkeys(ADMITTED.values()))
"""Those that have anything to list: of a product that customers host themselves no host is known."""


def _check(product: ProductId, wanted: Wanted, site: Site, catalogue: Catalogue, folder: Path) -> None:
    selection = select(wanted, site, catalogue)
    for kind in List:
        export = write(product, selection, (kind,), STAMP)
        got = said(product, export, kind, folder)
        assert disagreements(PRODUCTS[product].carried(kind), kind, selection.lists[kind], got, export) == []


def test_every_product_has_a_reader_here() -> None:
    assert set(READERS) == set(PRODUCTS) == set(ProductId)


@pytest.mark.parametrize("product", ProductId)
@pytest.mark.parametrize("vendor", [vendor.id for vendor in CATALOGUE.vendors])
def test_every_vendor_and_tier_is_read_back_as_it_was_asked(product: ProductId, vendor: str, tmp_path: Path) -> None:
    has = [tier for tier in Tier if tier in {service.tier for service in CATALOGUE.vendor(vendor).services}]

    for tiers in (*(frozenset({tier}) for tier in has), frozenset(has)):
        if any(_is_exported(rule, tiers) for rule in all_rules(CATALOGUE) if rule.vendor.id == vendor):
            _check(product, Wanted(vendors=(vendor,), tiers=tiers), REFERENCE, CATALOGUE, tmp_path)
        else:
            with pytest.raises(NothingSelected, match=vendor):
                select(Wanted(vendors=(vendor,), tiers=tiers), REFERENCE, CATALOGUE)


NAMES = st.builds(
    ".".join,
    st.lists(st.sampled_from(["a", "b", "cdn", "x1"]), max_size=2).map(lambda labels: (*labels, "corp", "example")),
) | st.sampled_from(["xn--bcher-kva.example", "a.b.c.d.e.f.corp.example", "login.co.uk"])
FORMS = st.sampled_from(
    ["{}", ".{}", "*.{}", "**.{}", "*{}", "{}/", "*.{}/", "^.{}/", "mail.*.{}", "{}.*", "w*.{}", "*"]
)
PORTS = st.builds(
    lambda transport, ends: Ports(transport, min(ends), max(ends)),
    st.sampled_from(Transport),
    st.tuples(st.sampled_from([80, 443, 444, 5222]), st.sampled_from([80, 443, 444, 65535])),
)
NETWORKS = st.sampled_from(
    [
        ip_network(text)
        for text in ("192.0.2.0/24", "192.0.2.7/32", "192.0.2.128/25", "2001:db8::/32", "2001:db8:1::/48")
    ]
)


def _loads(dialect: Dialect, host: str) -> bool:
    try:
        return not isinstance(read(dialect, spelled(host, dialect)), Rejected)
    except InvalidPattern:
        return False


@st.composite
def entries(draw: st.DrawFn) -> ListEntry:
    dialect = draw(st.sampled_from(Dialect))
    hosts = draw(st.lists(st.builds(lambda form, name: form.format(name), FORMS, NAMES), max_size=5))
    return ListEntry(
        label=draw(st.sampled_from(["admit[0]", "acme list.txt"])),
        hosts=tuple(host for host in hosts if _loads(dialect, host)),
        networks=tuple(draw(st.lists(NETWORKS, max_size=2, unique=True))),
        ports=tuple(draw(st.lists(PORTS, min_size=1, max_size=3))),
        dialect=dialect,
    )


@st.composite
def sites(draw: st.DrawFn) -> Site:
    vendor = draw(st.none() | st.sampled_from([vendor.id for vendor in CATALOGUE.vendors]))
    own = draw(st.lists(entries(), min_size=1, max_size=3))
    return Site(
        id="generated",
        admit=(*own, *([VendorEntry(vendor=vendor)] if vendor else [])),
        dialect=draw(st.sampled_from([Dialect.LITERAL, Dialect.SQUID, Dialect.PAN_OS])),
    )


@pytest.mark.parametrize("product", ProductId)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(site=sites())
def test_generated_sites_are_read_back_as_they_were_asked(product: ProductId, site: Site, tmp_path: Path) -> None:
    try:
        _check(product, Wanted(), site, CATALOGUE, tmp_path)
    except (NothingSelected, CannotExport):
        return  # an empty site, or a name that the product does not take: said, and tested where it is


def test_the_names_of_the_generator_are_names() -> None:
    assert normalise("xn--bcher-kva.example") == "xn--bcher-kva.example"
