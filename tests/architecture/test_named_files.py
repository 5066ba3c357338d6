"""A file that a header, a comment or a page names is there: a reader who follows the name finds it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
READ: Final = ("addon/**/*.py", "docs/**/*.md", "tools/*.py", "*.md")
SEARCHED: Final = ("addon", "bench", "docs", "lab", "tests", "tools")
ELSEWHERE: Final = {
    "CHANGELOG.md": "names what was",
    "docs/adr/0005-layout.md": "superseded, and says how it was",
    "docs/adr/0001-one-front-door.md": "names mitmproxy's files",
}

_NAME: Final = re.compile(r"(?<![\w/.*{-])(?:[\w-]+/)*[\w-]+\.py\b")


def pages() -> Iterator[Path]:
    for pattern in READ:
        yield from (path for path in ROOT.glob(pattern) if str(path.relative_to(ROOT)) not in ELSEWHERE)


def test_every_file_that_is_named_is_there() -> None:
    there = [f"/{path.relative_to(ROOT)}" for folder in SEARCHED for path in (ROOT / folder).rglob("*.py")]
    ends = {path[at:] for path in there for at, letter in enumerate(path) if letter == "/"}

    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in pages()
        for name in _NAME.findall(path.read_text(encoding="utf-8"))
        if f"/{name}" not in ends
    ]

    assert missing == []


def test_what_is_not_read_is_there() -> None:
    assert [name for name in ELSEWHERE if not (ROOT / name).is_file()] == []
