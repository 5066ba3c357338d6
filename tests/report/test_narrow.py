"""A table in a terminal of any width: whole words, and what matters most to the last."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from tierwall.report.narrow import Column, Narrowing

COLUMNS = (
    Column(heading="service", rank=1),
    Column(heading="tier", rank=4),
    Column(heading="without", rank=3),
    Column(heading="what did it", rank=2, wraps=12),
)
ROW = ("native-attendee", "core", "works", "dpi-https-only, idle-timeout")


def shown(width: int, rows: list[tuple[str, ...]] | None = None) -> list[str]:
    file = io.StringIO()
    table = Narrowing(COLUMNS, [tuple(map(Text, row)) for row in rows or [ROW]])
    Console(file=file, width=width).print(table)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_where_there_is_room_all_is_shown() -> None:
    assert shown(100)[1] == "native-attendee  core  works    dpi-https-only, idle-timeout"


def test_the_least_important_goes_first() -> None:
    assert [shown(width)[0].split() for width in (100, 42, 30, 20)] == [
        ["service", "tier", "without", "what", "did", "it"],
        ["service", "without", "what", "did", "it"],
        ["service", "what", "did", "it"],
        ["service"],
    ]


@given(st.integers(20, 120), st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=4, max_size=4), max_size=5))
def test_no_word_is_cut(width: int, letters: list[list[str]]) -> None:
    rows = [tuple(letter * (number + 3) for number, letter in enumerate(row)) for row in letters]
    lines = shown(width, rows or None)

    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)
