"""Each check of the machine's own state, both ways."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.doctor.healthy import NOW, facts, said
from tierwall.doctor.facts import Level
from tierwall.doctor.local import certificates, clock, configuration, environment, versions
from tierwall.trust.certificate import Certificate
from tierwall.trust.stores import Family, NssStore, SystemStore

DAY = timedelta(days=1)
CA = Certificate(path=Path("/ca/cert.pem"), der=b"", subject="CN=lab", begins=NOW - DAY, ends=NOW + DAY)
CONFIG = Path("/home/ann/.mitmproxy/config.yaml")


@pytest.mark.parametrize(
    "value",
    ["http://127.0.0.1:8080", "127.0.0.1:8080", "http://localhost:8080/", "http://ann:pw@127.0.0.1:8080", ""],
)
def test_a_variable_that_leads_here_is_well(value: str) -> None:
    assert said(environment, environment={"https_proxy": value}) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.corp:3128", "proxy.corp:3128"),
        ("http://ann:secret@proxy.corp:3128/", "proxy.corp:3128"),
        ("ann:sec@ret@proxy.corp", "proxy.corp"),
        ("http://127.0.0.1:8081", "127.0.0.1:8081"),
        ("http://[::1:x", "[::1:x"),
    ],
)
def test_a_variable_that_leads_elsewhere_is_found_without_its_password(value: str, shown: str) -> None:
    (finding,) = environment(facts(environment={"HTTPS_PROXY": value}))

    assert finding.what == f"HTTPS_PROXY sends programs to {shown}, not to this proxy"
    assert finding.mend == "unset HTTPS_PROXY, or export HTTPS_PROXY=http://127.0.0.1:8080"


def test_a_proxy_on_every_address_is_reached_by_each() -> None:
    listen = (ip_address("0.0.0.0"), 3128)

    assert said(environment, listen=listen, environment={"http_proxy": "http://192.0.2.7:3128"}) == []


@pytest.mark.parametrize(
    ("value", "kept"),
    [("*", "*"), ("localhost,.8x8.vc", ".8x8.vc"), ("vc", "vc"), ("localhost, 127.0.0.1", None), ("evil8x8.vc", None)],
)
def test_no_proxy_is_found_where_it_covers_a_vendor(value: str, kept: str | None) -> None:
    found = said(environment, environment={"no_proxy": value}, vendors=("8x8.vc", "vevox.app"))

    assert found == ([f"no_proxy keeps {kept} from every proxy"] if kept else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("block_global: true", [f"{CONFIG} has block_global: stock mitmproxy drops clients with public addresses"]),
        ("block_global: false", []),
        ("", []),
        ("- a list", [f"{CONFIG} is no mapping of options"]),
        ("a: [", [f"{CONFIG} is no mapping of options"]),
    ],
)
def test_block_global_in_mitmproxys_configuration(text: str, found: list[str]) -> None:
    assert said(configuration, configuration=(CONFIG, text)) == found
    assert said(configuration, configuration=None) == []


@pytest.mark.parametrize(
    ("has", "count"),
    [
        ({"python": "3.13.5", "mitmproxy": "12.3.1", "uvloop": "0.22.1"}, 0),
        ({"python": "3.13.5", "uvloop": "0.23.0"}, 1),
        ({"python": "3.12.1", "uvloop": "0.23.0"}, 0),
        ({"mitmproxy": "12.4.0"}, 1),
        ({"mitmproxy": "12.2.3"}, 1),
        ({"mitmproxy": "12.3.0"}, 1),
        ({}, 0),
    ],
)
def test_versions_that_do_not_start(has: dict[str, str], count: int) -> None:
    assert len(said(versions, versions=has)) == count


@pytest.mark.parametrize(("inspects", "level"), [(True, Level.FINDING), (False, Level.NOTE)])
def test_a_store_without_the_lab_ca_matters_to_a_site_that_inspects(inspects: bool, level: Level) -> None:
    stores = [SystemStore(family=Family.DEBIAN, trusted=trusted) for trusted in (False, True)]
    found = [list(certificates(facts(certificate=CA, stores=(each,), inspects=inspects))) for each in stores]

    assert [[finding.level for finding in each] for each in found] == [[level], []]


def test_a_store_that_cannot_be_looked_at_is_a_note_with_the_mend() -> None:
    store = NssStore(folder=Path("/nssdb"), used_by="Firefox", certutil=False)
    (finding,) = certificates(facts(certificate=CA, stores=(store,), inspects=True))

    assert finding.level is Level.NOTE
    assert finding.mend.startswith("certutil is not installed")


@pytest.mark.parametrize(("inspects", "count"), [(True, 1), (False, 0)])
def test_a_lab_ca_that_was_not_made_matters_to_a_site_that_inspects(inspects: bool, count: int) -> None:
    assert len(said(certificates, certificate=None, inspects=inspects)) == count


@pytest.mark.parametrize(
    ("off", "found"),
    [
        (timedelta(0), []),
        (-2 * DAY, ["it is 2026-11-19 12:00 UTC here, before the lab CA's first day, 2026-11-20"]),
        (2 * DAY, ["it is 2026-11-23 12:00 UTC here, after the lab CA's last day, 2026-11-22"]),
    ],
)
def test_a_clock_outside_the_lab_cas_days(off: timedelta, found: list[str]) -> None:
    other = facts(certificate=CA)

    assert [finding.what for finding in clock(type(other)(now=NOW + off, certificate=CA))] == found


def test_a_file_of_tomorrow_says_that_the_clock_went_back() -> None:
    written = {Path("/journal"): NOW + DAY, Path("/just-now"): NOW + timedelta(seconds=30)}

    assert said(clock, written=written) == [
        "it is 2026-11-21 12:00 UTC here, and /journal was written on 2026-11-22 12:00"
    ]


@pytest.mark.parametrize(("synchronised", "levels"), [(False, [Level.NOTE]), (True, []), (None, [])])
def test_a_clock_that_nothing_keeps_is_a_note(synchronised: bool | None, levels: list[Level]) -> None:
    assert [finding.level for finding in clock(facts(synchronised=synchronised))] == levels
