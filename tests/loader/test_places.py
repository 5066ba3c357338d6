"""Where files are found: bundled ones by name, others by path."""

from pathlib import Path

import pytest

from tests.loader.files import Write
from tierwall.loader.faults import Fault, InvalidFiles
from tierwall.loader.places import bundled, bundled_vendor_files, site_file, site_names, vendor_files


def test_the_bundled_folder_has_vendors_and_sites() -> None:
    assert {"vevox.yaml", "8x8.yaml", "vsee-qatar.yaml"} <= {path.name for path in bundled_vendor_files()}
    assert "reference" in site_names()


def test_a_name_is_a_bundled_site_even_where_a_file_is_called_the_same(write: Write) -> None:
    write("reference", "")

    assert site_file("reference", Path()) == bundled() / "sites" / "reference.yaml"


@pytest.mark.parametrize("path", ["mine.yaml", "mine.yml", "folder/mine", "mine"])
def test_a_slash_an_ending_or_an_existing_file_makes_a_path(path: str, write: Write) -> None:
    write(path, "")

    assert site_file(path, Path()) == Path(path)


@pytest.mark.parametrize("name", ["refrence", "x" * 5000, ""])
def test_any_other_name_is_unknown(name: str) -> None:
    with pytest.raises(InvalidFiles, match="unknown site"):
        site_file(name, Path())


def test_folders_give_their_yaml_files_in_order_and_each_file_once(write: Write) -> None:
    for name in ("d/b.yml", "d/a.yaml", "d/c.txt", "d/e.yaml/x"):
        write(name, "")

    found = list(vendor_files([Path("d"), Path("d/a.yaml"), Path("nope.yaml")]))

    assert found == [Path("d/a.yaml"), Path("d/b.yml"), Path("nope.yaml")]


def test_a_folder_without_yaml_files_is_a_fault(write: Write) -> None:
    write("d/c.txt", "")

    assert list(vendor_files([Path("d")])) == [Fault("d", None, "", "is a folder without a .yaml or .yml file")]
