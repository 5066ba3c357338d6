"""The picture of the house is that of the contracts."""

from tools.house import PAGE, page


def test_the_checked_in_picture_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/design.md is stale: run `make docs`"


def test_every_room_says_what_it_is() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ") and line[2].isdigit()]

    assert [row for row in rows for room in row.split("|")[2].split("<br>") if ": " not in room] == []
