"""`tierwall watch JOURNAL`: what a browser is served of a journal, while it grows, and what it may not ask."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.picture.lines import Try
from tests.support.running import environment
from tests.support.watching import Watched, watched

MEETINGS, ANALYTICS = Try("https://8x8.vc"), Try("https://api.amplitude.com")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two events."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(MEETINGS.line() + ANALYTICS.line())
    return path


def until_read(seen: Watched, query: str = "") -> dict[str, Any]:
    """The first frame that holds all of the journal."""
    rows: dict[int, Any] = {}
    for frame in seen.frames(query):
        rows |= {row["number"]: row for row in frame["rows"]}
        if frame["totals"]["events"] and frame["about"]["reading"] is None:
            return frame | {"rows": list(rows.values())}
    raise AssertionError("the stream ended")


def test_its_page_files_detail_and_refusals(journal: Path) -> None:
    with watched(journal) as seen:
        frame = until_read(seen)
        number = next(row["number"] for row in frame["rows"] if row["place"] == "api.amplitude.com:443")
        detail = json.loads(seen.get(f"detail?number={number}&dialect=squid")[1])

        assert frame["totals"]["counts"] == [1, 0, 0, 0, 1]
        assert seen.get("")[1].startswith("<!doctype html>")
        assert seen.get("main.js")[0] == 200
        assert detail["explain"]["reason"] == "tier-closed"
        assert [each["entry"] for each in detail["mend"]] == ["api.amplitude.com"]
        assert "serves 8x8/analytics (analytics)" in detail["ticket"]
        assert detail["events"][0]["destination"]["domain"] == "api.amplitude.com"
        assert seen.get("", Host="evil.example")[0] == 421
        assert seen.get("stream", Origin="https://evil.example")[0] == 403
        assert [seen.get(path)[0] for path in ("detail?number=99", "../../etc/passwd", "__init__.py", "do/clear")] == [
            404,
            404,
            404,
            405,
        ]
        assert seen.do("clear", {}, "another")[0] == 403
        assert seen.do("tell", {"do": "mark", "note": "x"})[0] == 409
        assert [seen.do("clear", given)[0] for given in ([], "x", {})] == [400, 400, 200]


def test_what_is_appended_rotated_and_torn_is_followed(journal: Path) -> None:
    with watched(journal) as seen:
        frames = seen.frames()
        for frame in frames:
            if frame["totals"]["events"] == 2:
                break
        with journal.open("ab") as file:
            line = Try("https://www.gravatar.com").line()
            file.write(line[:50])
            file.flush()
            file.write(line[50:])
        for frame in frames:
            if frame["totals"]["events"] == 3:
                break
        journal.rename(journal.with_name("events.jsonl.1"))
        journal.write_bytes(MEETINGS.line() * 2)
        for frame in frames:
            if frame["totals"]["events"] == 5:
                break

        assert frame["totals"]["unreadable"] == 0
    with watched(journal) as again:
        assert until_read(again)["totals"]["events"] == 5, "from its oldest part on"


def test_a_filter_is_in_the_address_of_the_stream(journal: Path) -> None:
    with watched(journal) as seen:
        rows = until_read(seen, "verdict=refused")["rows"]

    assert [row["place"] for row in rows] == ["api.amplitude.com:443"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl"], "there is no such file"),
        (["missing.jsonl", "--proxy", "1"], "one of them"),
        (["--listen", "8081"], "an address comes first"),
    ],
)
def test_bad_input_is_said(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tierwall", "watch", *arguments]
    ended = subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


def test_the_whole_page_is_small() -> None:
    files = [path for path in (Path(__file__).parents[3] / "addon/tierwall/dashboard/page").iterdir() if path.is_file()]

    assert sum(path.stat().st_size for path in files) < 150_000
