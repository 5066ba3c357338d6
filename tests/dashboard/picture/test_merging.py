"""A journal in parts, put together, is the journal as a whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import Try, picture
from tierwall.dashboard.picture.filters import Filter
from tierwall.dashboard.picture.frames import View
from tierwall.dashboard.picture.merging import merge, part_of

TARGETS = ("https://8x8.vc", "https://api.amplitude.com", "wss://acme.vevox.com", "https://evil.example")
KINDS = st.sampled_from(["decided", "broken", "failed", "closed", "no event"])
TRIES = st.lists(
    st.tuples(st.sampled_from(TARGETS), KINDS, st.sampled_from(["8x8-core-only", "reference"]), st.integers(0, 3000)),
    max_size=20,
)


def line(target: str, kind: str, site: str, second: int) -> bytes:
    attempt = Try(target, site=site, second=second, client=f"10.0.0.{second % 3}")
    match kind:
        case "decided":
            return attempt.line()
        case "broken":
            return attempt.broken("idle-timeout")
        case "failed":
            return attempt.failed()
        case "closed":
            return attempt.closed(10, 200)
        case _:
            return b"{"


def seen_by(*lines: bytes) -> dict[str, Any]:
    return View(Filter()).frame(picture(*lines))


@given(TRIES, st.integers(0, 20), st.sampled_from(["8x8-core-only", "reference"]))
def test_wherever_it_is_cut(tries: list[tuple[str, str, str, int]], at: int, site: str) -> None:
    lines = [line(target, kind, site, second) for target, kind, _, second in sorted(tries, key=lambda each: each[3])]
    together = picture(*lines[:at])
    merge(together, part_of(picture(*lines[at:])))
    parted, whole = View(Filter()).frame(together), seen_by(*lines)

    assert parted["cells"] == whole["cells"]
    assert parted["totals"] == whole["totals"]
    assert _plain(parted["rows"]) == _plain(whole["rows"])


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=15), st.integers(0, 15))
def test_its_time_line_holds_as_much(seconds: list[int], at: int) -> None:
    lines = [Try("https://8x8.vc", second=second).line() for second in sorted(seconds)]
    together = picture(*lines[:at])
    merge(together, part_of(picture(*lines[at:])))

    assert sum(map(sum, together.timeline.columns)) == len(seconds)
    (row,) = together.rows.values()
    assert {at for at, column in enumerate(together.timeline.columns) if sum(column)} == {
        at for at in range(len(together.timeline.columns)) if row.active >> at & 1
    }


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In their order, without numbers that are each picture's own."""
    return [{key: value for key, value in row.items() if key not in {"number", "changed"}} for row in rows]
