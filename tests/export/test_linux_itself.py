"""nft and dnsmasq take every list of every vendor, and of generated sites."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.export.test_read_back import CATALOGUE, REFERENCE, STAMP, VENDORS, sites
from tests.support.needs import PATH, needs
from tierwall.export import List, NothingSelected, ProductId, Wanted, select, write
from tierwall.export.writing import Written
from tierwall.policy.site import Site

pytestmark = needs("nft", "dnsmasq", "root")


def _check(file: Written, folder: Path) -> None:
    """Neither changes anything: both only read."""
    path = folder / file.name
    path.write_text(file.text, encoding="utf-8")
    if file.name.endswith(".nft"):
        command = [_found("nft"), "-c", "-f", str(path)]
    elif file.name.endswith("dnsmasq.conf"):
        command = [_found("dnsmasq"), "--test", f"--conf-file={path}"]
    else:
        return
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{file.name}: {done.stderr}"


def _found(program: str) -> str:
    return shutil.which(program, path=PATH) or program


@pytest.mark.parametrize("product", [ProductId.NFTABLES, ProductId.DNSMASQ])
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_exported_for_every_vendor_is_valid(product: ProductId, vendor: str, tmp_path: Path) -> None:
    selection = select(Wanted(vendors=(vendor,)), REFERENCE, CATALOGUE)

    for file in write(product, selection, tuple(List), STAMP).files:
        _check(file, tmp_path)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(site=sites())
def test_what_is_exported_for_generated_sites_is_valid(site: Site, tmp_path: Path) -> None:
    try:
        selection = select(Wanted(), site, CATALOGUE)
    except NothingSelected:
        return

    for product in (ProductId.NFTABLES, ProductId.DNSMASQ):
        for file in write(product, selection, tuple(List), STAMP).files:
            _check(file, tmp_path)
