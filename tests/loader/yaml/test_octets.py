"""What no YAML parser gets to see: wrong files, wrong octets, wrong characters."""

import os
from pathlib import Path

import pytest

from tierwall.loader.faults import InvalidFiles
from tierwall.loader.yaml.octets import open_fault, read_text


@pytest.mark.parametrize(
    ("octets", "faults"),
    [
        pytest.param(
            b"a: b\nb: \0\nc: \x1b[31m",
            "f:2: NUL in column 4 is not allowed\nf:3: character U+001B in column 4 is not allowed",
            id="control characters, every line",
        ),
        pytest.param(b"a: b\nb: caf\xe9", "f:2: octet 0xE9 is not UTF-8: save the file as UTF-8", id="latin-1"),
        pytest.param("a: b".encode("utf-16"), "f:1: octet 0xFF is not UTF-8: save the file as UTF-8", id="utf-16"),
        pytest.param(
            b"a:\n\tb: c\n  \tc: d",
            "f:2: a tab in the indentation: YAML wants spaces\nf:3: a tab in the indentation: YAML wants spaces",
            id="tabs, every line",
        ),
        pytest.param(
            b"#" * (5 * 1024 * 1024 + 1),
            "f: is larger than 5 MB; a long list of hosts belongs in a text file, named by `file:`",
            id="more than 5 MB",
        ),
    ],
)
def test_each_line_at_fault_is_named(
    octets: bytes, faults: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f").write_bytes(octets)

    with pytest.raises(InvalidFiles) as invalid:
        read_text(Path("f"))

    assert str(invalid.value) == faults


def test_a_byte_order_mark_and_exactly_5_mb_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"\xef\xbb\xbf" + b"#" * (5 * 1024 * 1024 - 3))

    assert len(read_text(file)) == 5 * 1024 * 1024 - 3


def test_what_is_no_readable_file_is_a_fault_and_never_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    messages = []

    for name in ("missing", "pipe", "folder", "nul\0", "long" * 200):
        with pytest.raises(InvalidFiles) as invalid:
            read_text(Path(name))
        messages.append(invalid.value.faults[0].message)

    assert messages == [
        "no such file",
        "is not a regular file",
        "is a folder; expected a file",
        "no such file",
        "cannot be read: File name too long",
    ]


def test_a_file_without_permission_is_a_fault() -> None:
    assert str(open_fault(Path("f"), PermissionError())) == "f: no permission to read it"
