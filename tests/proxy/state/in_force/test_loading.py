"""What is loaded together comes from one bundle; a catalogue that another site was loaded with is not read again."""

from pathlib import Path

import pytest

from tierwall.bundle.archive import Bundle
from tierwall.bundle.store import Store
from tierwall.proxy.state.in_force import loading
from tierwall.proxy.state.in_force.loading import Named

SITE = b"version: 1\nsite: acme\nadmit: [{hosts: [HOST]}]\n"


def in_force(store: Store, revision: int) -> None:
    site = SITE.replace(b"HOST", f"r{revision}.example".encode())
    folder = store.lay_out(Bundle(revision, "", {"sites/acme.yaml": site}), b"", None)
    store.put_in_force(folder)


def test_a_site_of_a_bundle_has_its_revision(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    in_force(store, 7)

    site, _ = Named("acme", (), store.current).load()

    assert (site.id, site.revision) == ("acme", "7")


def test_a_bundle_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    in_force(store, 7)
    load_catalogue, loads = loading.load_catalogue, []

    def replaced_meanwhile(paths: list[Path]) -> object:
        loads.append(paths)
        if len(loads) == 1:
            in_force(store, 8)
        return load_catalogue(paths)

    monkeypatch.setattr(loading, "load_catalogue", replaced_meanwhile)

    site, _ = Named("acme", (), store.current).load()

    assert (site.revision, len(loads)) == ("8", 2)
    assert "r8.example" in str(site.admit)


def test_a_catalogue_is_shared_by_sites_that_are_loaded_together() -> None:
    _, first = Named("reference", ()).load()

    assert Named("8x8-core-only", ()).load(first)[1] is first
