"""The README is what a newcomer reads: short, with all that can be typed one page away."""

import re

from tests.docs.reading import ROOT, document

README = document("README.md")
LONGEST = 180


def test_a_newcomer_reads_it() -> None:
    assert len(README.splitlines()) < LONGEST


def test_what_any_document_makes_can_be_made() -> None:
    makefile = document("Makefile")
    texts = [path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]
    targets = {found for text in texts for found in re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.MULTILINE)}

    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_the_recipes_follow_the_two_commands() -> None:
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)

    assert headings[:3] == ["Two commands", "Install", "Five recipes"]


def test_every_page_is_reached_from_it_or_from_the_index() -> None:
    reached = README + document("docs/index.md") + document("docs/design.md")
    pages = {path.name for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "adr"}

    assert {name for name in pages if name not in reached} == {"index.md"}
