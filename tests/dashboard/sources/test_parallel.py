"""A journal that several processes read is the one that is there: no line twice, none left out."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import Try, catalogue, picture
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.serving import serving
from tierwall.dashboard.sources import journal as journal_source
from tierwall.dashboard.sources.journal import JournalFeed
from tierwall.dashboard.sources.parallel import Parallel, slices


@given(st.lists(st.integers(0, 1000), max_size=6), st.integers(1, 9))
def test_every_octet_is_in_one_part(sizes: list[int], count: int) -> None:
    files = [(Path(f"j.{at}"), size) for at, size in enumerate(sizes)]
    found = [each for part in slices(files, count) for each in part]

    assert sum(each.end - each.first for each in found) == sum(sizes)
    assert sorted(found, key=lambda each: (str(each.path), each.first)) == found


def test_lines_of_several_files_are_read_once_each(tmp_path: Path) -> None:
    lines = [Try("https://8x8.vc", second=at).line() for at in range(301)]
    files = []
    for number, part in enumerate((lines[:100], lines[100:101], lines[101:])):
        path = tmp_path / f"j.{number}"
        path.write_bytes(b"".join(part))
        files.append((path, path.stat().st_size))
    seen = picture()
    asyncio.run(Parallel(files, seen).finish())

    assert (seen.events, seen.counts[-1], len(seen.rows), seen.unreadable) == (301, 301, 1, 0)


def test_a_long_journal_is_followed_from_where_its_parts_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_source, "WORTH_OCTETS", 0)
    path = tmp_path / "events.jsonl"
    line = Try("https://8x8.vc").line()
    path.write_bytes(line * 50 + line[:100])

    async def scene() -> int:
        seen = Noticed(catalogue(), serving(catalogue()))
        feeding = asyncio.create_task(JournalFeed(path, seen).run())
        async with asyncio.timeout(10):
            await seen.has(50)
            with path.open("ab") as file:
                file.write(line[100:])
            await seen.has(51)
        feeding.cancel()
        return seen.unreadable

    assert asyncio.run(scene()) == 0


class Noticed(Picture):
    """One whose events can be waited for."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "events":
            changed = self.__dict__.setdefault("_noticed", asyncio.Event())
            changed.set()

    async def has(self, count: int) -> None:
        """Return once there are so many."""
        changed: asyncio.Event = self.__dict__["_noticed"]
        while self.events < count:
            changed.clear()
            await changed.wait()


def test_a_file_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="could not be read"):
        asyncio.run(Parallel([(tmp_path / "gone", 10)], picture()).finish())
