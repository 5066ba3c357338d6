"""Which stores a machine has: folders made to look like each distribution's, and real NSS databases."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.running import needs
from tests.trust.certificates import some_certificate
from tierwall.trust.certificate import Certificate, Form
from tierwall.trust.finding import BUNDLES, Machine, find_stores
from tierwall.trust.stores import NICKNAME, UPDATES, Family, NssStore, SystemStore, adding, removing


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return some_certificate(tmp_path / "ca")


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine with nothing on it, programs neither."""
    for folder in ("root", "home"):
        (tmp_path / folder).mkdir()
    return Machine(root=tmp_path / "root", home=tmp_path / "home", environment={"PATH": str(tmp_path / "none")})


def put_system(machine: Machine, family: Family, bundle: bytes) -> None:
    (machine.root / UPDATES[family].folder.relative_to("/")).mkdir(parents=True)
    where = machine.root / BUNDLES[family]
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(bundle)


def test_a_bare_machine_has_none(bare: Machine, certificate: Certificate) -> None:
    assert find_stores(bare, certificate) == ()


@pytest.mark.parametrize("family", Family)
def test_the_system_store_is_that_of_the_distribution(bare: Machine, certificate: Certificate, family: Family) -> None:
    put_system(bare, family, b"")

    assert find_stores(bare, certificate) == (SystemStore(family=family, trusted=False),)


@pytest.mark.parametrize("family", Family)
def test_what_its_bundle_holds_is_trusted(
    bare: Machine, certificate: Certificate, family: Family, tmp_path: Path
) -> None:
    another = some_certificate(tmp_path / "another").encoded(Form.PEM)
    put_system(bare, family, another + certificate.encoded(Form.PEM))

    assert find_stores(bare, certificate) == (SystemStore(family=family, trusted=True),)


def test_an_older_lab_ca_under_our_name_is_seen(bare: Machine, certificate: Certificate) -> None:
    put_system(bare, Family.RED_HAT, b"")
    anchor = SystemStore(family=Family.RED_HAT, trusted=False).anchor
    (bare.root / anchor.relative_to("/")).touch()

    assert find_stores(bare, certificate) == (SystemStore(family=Family.RED_HAT, trusted=False, stale=True),)


def test_browsers_databases_are_found_though_nothing_here_can_read_them(
    bare: Machine, certificate: Certificate
) -> None:
    folders = [
        bare.home / place for place in (".pki/nssdb", ".mozilla/firefox/a.default", "snap/chromium/current/.pki/nssdb")
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "cert9.db").touch()

    found = find_stores(bare, certificate)

    assert {store.folder for store in found if isinstance(store, NssStore) and not store.certutil} == set(folders)


@needs("certutil")
def test_a_real_database_trusts_it_once_the_commands_have_run(bare: Machine, certificate: Certificate) -> None:
    folder = bare.home / ".mozilla/firefox/a.default"
    machine = Machine(root=bare.root, home=bare.home, environment=os.environ)
    run([["mkdir", "-p", str(folder)], ["certutil", "-N", "-d", f"sql:{folder}", "--empty-password"]])
    (before,) = nss(machine, certificate, folder)
    run([command.argv for command in adding(before, certificate.path)])
    (during,) = nss(machine, certificate, folder)
    run([command.argv for command in removing(during)])
    (after,) = nss(machine, certificate, folder)

    assert (before.nickname, during.nickname, after.nickname) == (None, NICKNAME, None)


@needs("certutil")
def test_a_new_lab_ca_takes_the_place_of_an_older_one_in_a_real_database(
    bare: Machine, certificate: Certificate, tmp_path: Path
) -> None:
    folder = bare.home / ".pki/nssdb"
    machine = Machine(root=bare.root, home=bare.home, environment=os.environ)
    older = some_certificate(tmp_path / "older")
    run([command.argv for command in adding(NssStore(folder=folder, used_by="", exists=False), older.path)])
    (before,) = nss(machine, certificate, folder)
    run([command.argv for command in adding(before, certificate.path)])
    (now,), (then,) = nss(machine, certificate, folder), nss(machine, older, folder)

    assert (before.stale, before.nickname) == (True, None)
    assert (now.stale, now.nickname) == (False, NICKNAME)
    assert then.nickname is None


def nss(machine: Machine, certificate: Certificate, folder: Path) -> list[NssStore]:
    found = find_stores(machine, certificate)
    return [store for store in found if isinstance(store, NssStore) and store.folder == folder]


def run(commands: list[list[str]] | list[tuple[str, ...]]) -> None:
    for command in commands:
        subprocess.run(command, check=True, timeout=30)
