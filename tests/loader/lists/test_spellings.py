"""A customer's list: one pattern a line, faults with their lines, thrift with a million of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.loader.files import Write
from tierwall.loader.faults import InvalidFiles
from tierwall.loader.lists.formats import Export
from tierwall.loader.lists.spellings import _PLAIN, _PLAIN_OCTETS, read_list
from tierwall.policy.hostname import normalise_pattern


def _faults(path: Path) -> list[str]:
    with pytest.raises(InvalidFiles) as invalid:
        read_list(Export(path))
    return str(invalid.value).splitlines()


def test_comments_empty_lines_and_line_endings_are_no_patterns(tmp_path: Path) -> None:
    path = tmp_path / "l"
    path.write_bytes("\ufeffa.example\r\n# all\n\n  *.B.example. # why\nbücher.example".encode())

    assert read_list(Export(path)) == ("a.example", "*.b.example", "xn--bcher-kva.example")


def test_a_line_that_is_no_pattern_is_named(write: Write) -> None:
    path = write("l", "")
    path.write_bytes(
        b"a.example\nhttps://b.example/\n10.0.0.1\n\xff\n" + b"x" * 10_000 + b"\nc.*.example\n#" + b"y" * 9999
    )

    assert _faults(path) == [
        "l:2: `https://b.example/` is a URL: write `b.example`",
        "l:3: `10.0.0.1` is an address or a network: list it under `networks`",
        "l:4: is not UTF-8: save the file as UTF-8",
        "l:5: is longer than 4096 octets: expected one host pattern a line",
        "l:6: `c.*.example`: a wildcard is a whole leading label, `*.`, as in `*.example`; or list the names",
    ]


def test_after_twenty_faults_the_rest_is_counted(write: Write) -> None:
    faults = _faults(write("l", "*\n" * 1000))

    assert len(faults) == 21
    assert faults[-1] == "l: and 980 more"


def test_a_list_without_a_pattern_is_a_fault(write: Write) -> None:
    assert _faults(write("l", "# nothing yet\n")) == ["l: holds no host pattern"]


@given(st.from_regex(_PLAIN, fullmatch=True).filter(lambda octets: len(octets) <= _PLAIN_OCTETS))
def test_what_is_taken_as_normalised_is_normalised(octets: bytes) -> None:
    pattern = octets.decode("ascii")

    assert normalise_pattern(pattern) == pattern
