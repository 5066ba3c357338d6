"""A real Squid with the exported lines admits and refuses what the judge does, and starts with every export."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.export.probing import Probe, asked, probes
from tests.export.test_read_back import CATALOGUE, REFERENCE, STAMP, VENDORS, sites
from tests.fidelity.squid import Asked, refusal_to_start, running
from tests.support.needs import needs
from tierwall.export import List, NothingSelected, ProductId, Wanted, select, write
from tierwall.loader import load_site
from tierwall.loader.entries import EVERY_PORT
from tierwall.policy.attempt import Attempt
from tierwall.policy.judge import judge
from tierwall.policy.model import Tier, Transport
from tierwall.policy.site import ListEntry, Site, VendorEntry
from tierwall.policy.target import attempt_for

pytestmark = needs("squid")

DESTINATIONS = 500

SITES = [
    REFERENCE,
    Site(id="8x8-core", admit=(VendorEntry(vendor="8x8", tiers=frozenset({Tier.CORE})),)),
    load_site("pan-os-apex-gap", CATALOGUE),
    Site(
        id="with-denials",
        admit=(VendorEntry(), ListEntry(label="admit[1]", hosts=("*.corp.example",))),
        deny=(
            ListEntry(label="deny[0]", hosts=("files.corp.example", "*.cdn.vevox.com"), ports=EVERY_PORT),
            ListEntry(label="deny[1]", networks=(ip_network("104.16.0.0/16"),), ports=EVERY_PORT),
        ),
    ),
]


@pytest.mark.parametrize("vendor", VENDORS)
def test_squid_takes_every_list_of_every_vendor(vendor: str, tmp_path: Path) -> None:
    selection = select(Wanted(vendors=(vendor,)), REFERENCE, CATALOGUE)

    for file in write(ProductId.SQUID, selection, tuple(List), STAMP).files:
        if file.name.endswith("-squid.conf"):
            assert refusal_to_start(tmp_path, file.text) is None


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(site=sites())
def test_squid_takes_generated_lists_too(site: Site, tmp_path: Path) -> None:
    try:
        export = write(ProductId.SQUID, select(Wanted(), site, CATALOGUE), (List.ALLOW,), STAMP)
    except NothingSelected:
        return

    for file in export.files:
        if file.name.endswith("-squid.conf"):
            assert refusal_to_start(tmp_path, file.text) is None


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Squid, started by root, becomes another user, who has to reach it."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.id)
def test_squid_decides_as_the_judge_on_five_hundred_destinations(site: Site, open_folder: Path) -> None:
    selection = select(Wanted(), site, CATALOGUE)
    export = write(ProductId.SQUID, selection, (List.ALLOW,), STAMP)
    around = asked((*selection.lists[List.ALLOW], *selection.denied))
    found = [probe for probe in probes(around) if probe.transport is Transport.TCP]
    chosen = found[:: max(1, len(found) // DESTINATIONS)]
    ours = [judge(site, CATALOGUE, _attempt(probe)).passes for probe in chosen]

    with running(open_folder, f"{export.files[0].text}\nhttp_access deny all") as squid:
        theirs = squid.admit([Asked(str(probe.place), probe.port) for probe in chosen])

    said = [re.split(r" (?:admits|denies) besides: | \(asked", line)[1] for line in export.inexact]
    assert len(chosen) >= min(DESTINATIONS, len(found))
    assert set(theirs) == {True, False}
    assert [
        str(probe)
        for probe, we, they in zip(chosen, ours, theirs, strict=True)
        if we != they and probe.place not in said
    ] == []


def _attempt(probe: Probe) -> Attempt:
    return attempt_for(f"[{probe.place}]:{probe.port}" if ":" in str(probe.place) else f"{probe.place}:{probe.port}")
