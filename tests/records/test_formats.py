"""Every sample is read as its table says, and looks like its own format and no other."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.records.samples import format_id, is_whole, lines_of, samples, table_of
from tierwall.records.formats import LINES, format_of_lines, format_of_octets
from tierwall.records.reading import LineFormat
from tierwall.records.record import Record, Unread

SAMPLES = samples()
of_lines = [path for path in SAMPLES if not is_whole(path)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_read_as_its_table_says(path: Path) -> None:
    assert table_of(path) == path.with_suffix(".expected").read_text()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_format_of_a_sample_is_found(path: Path) -> None:
    found = format_of_octets(path.read_bytes()[:4096]) or format_of_lines(lines_of(path))

    assert found is not None
    assert found.id == format_id(path)


@pytest.mark.parametrize("path", of_lines, ids=lambda path: path.name)
def test_no_line_looks_like_two_formats(path: Path) -> None:
    looks = [(line, [each.id for each in LINES if each.looks(line)]) for line in lines_of(path)]

    assert [(line, ids) for line, ids in looks if len(ids) > 1] == []


def test_every_format_has_a_sample() -> None:
    from tierwall.records.formats import FORMATS  # noqa: PLC0415

    assert {format_id(path) for path in SAMPLES} == set(FORMATS)


@pytest.mark.parametrize("path", of_lines, ids=lambda path: path.name)
def test_no_reader_breaks_on_lines_of_other_formats(path: Path) -> None:
    """They are records, headers or Unread, whatever comes."""
    for each in LINES:
        read = each.reader()
        for line in lines_of(path):
            with suppress(Unread):
                assert isinstance(read(line), Record | None)


HOSTILE = [
    "a ",
    "0 ",
    '"',
    "1|a|",
    "c-ip=a ",
    "type=utm ",
    "requested_host=a ",
    'action:"x" ',
    "10.0.0.1:1 [",
    "a=",
    " <",
]


@pytest.mark.parametrize("each", LINES, ids=lambda each: each.id)
def test_a_line_that_was_made_to_be_slow_is_not(each: LineFormat) -> None:
    """Two hundred thousand characters of what a pattern begins with: in n² steps they would take minutes."""
    read = each.reader()
    before = time.process_time()
    for part in HOSTILE:
        line = (part * 200_000)[:200_000]
        each.looks(line)
        with suppress(Unread):
            read(line)

    assert time.process_time() - before < 20
