"""A document in each form: whole, and with nothing in it that a log could act through."""

from xml.etree import ElementTree

import pytest

from tierwall.policy.model import Tier
from tierwall.report.document import Block, Case, Document, Item, Mood, Section, Table
from tierwall.report.forms.as_html import as_html
from tierwall.report.forms.as_junit import as_junit
from tierwall.report.forms.as_markdown import as_markdown
from tierwall.report.forms.as_text import SHOWN, print_document

TABLE = Table(head=("times", "destination"), rows=(("2", "8x8.vc:443"),), numbers=frozenset({0}), codes=frozenset({1}))
DOCUMENT = Document(
    title="A title",
    lead=("One sentence.",),
    warnings=("Careful.",),
    sections=(
        Section(
            title="Broken",
            mood=Mood.BAD,
            lead=("What is broken.",),
            items=(Item(name="8x8 / meetings", tier=Tier.CORE, text="No meetings.", table=TABLE),),
        ),
    ),
    cases=(
        Case(group="8x8", name="meetings", mood=Mood.BAD, message="denied", detail="twice"),
        Case(group="8x8", name="jaas", mood=Mood.GOOD),
        Case(group="vevox", name="content", mood=Mood.OPEN, message="not tested"),
    ),
)
EVIL = "\x1b[31m<script>alert(1)</script> | `x` [link](http://x) ]]> \x00 @all"


def hostile() -> Document:
    table = Table(head=("a", "b"), rows=((EVIL, EVIL),), codes=frozenset({1}))
    section = Section(
        title=EVIL,
        mood=Mood.BAD,
        lead=(EVIL,),
        items=(Item(name=EVIL, text=EVIL),),
        table=table,
        blocks=(Block(text=EVIL), Block(text=EVIL, title=EVIL, folded=True)),
    )
    case = Case(group=EVIL, name=EVIL, mood=Mood.BAD, message=EVIL, detail=EVIL)
    return Document(title=EVIL, lead=(EVIL,), warnings=(EVIL,), sections=(section,), cases=(case,))


def text(document: Document, width: int = 80) -> str:
    import io  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as printed:
        print_document(document, console)
    return printed.get()


def test_as_text() -> None:
    assert text(DOCUMENT) == (
        "One sentence.\nCareful.\n\nBroken\n  What is broken.\n  8x8 / meetings  core\n    No meetings.\n"
        "    times  destination\n        2  8x8.vc:443\n"
    )


def test_as_markdown() -> None:
    assert as_markdown(DOCUMENT) == (
        "## A title\n\nOne sentence.\n\n**Careful.**\n\n### Broken\n\nWhat is broken.\n\n**8x8 / meetings** (core)\n\n"
        "No meetings.\n\n| times | destination |\n| ---: | --- |\n| 2 | `8x8.vc:443` |\n"
    )


def test_a_cell_is_one_item_whatever_is_in_it_as_narrow_screens_lay_it_out_in_a_grid() -> None:
    row = ("`a` at 2026-11-27 22:30:03", "168.138.110.244:443/udp, and-a-name-that-is-long.of.example:443")
    table = Table(head=("said", "where"), rows=(row,), codes=frozenset({1}))
    section = Section(title="S", mood=Mood.OPEN, table=table)

    page = as_html(Document(title="T", lead=(), sections=(section,), cases=()))

    assert 'data-head="said"><span><code>a</code> at <span class="whole">2026-11-27</span> 22:30:03</span></td>' in page
    assert '<code><span class="whole">168.138.110.244:443/udp,</span> and-a-name-that-is-long.<wbr>of.<wbr>exa' in page


def test_as_html() -> None:
    page = as_html(DOCUMENT)

    assert '<h2 class="bad">Broken</h2>' in page
    assert '<td class="number" data-head="times">2</td>' in page
    assert '<td class="code" data-head="destination"><code>8x8.vc:443</code></td>' in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_as_junit() -> None:
    root = ElementTree.fromstring(as_junit(DOCUMENT))  # noqa: S314 - our own

    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == ("3", "1", "1")
    assert [suite.attrib["name"] for suite in root] == ["8x8", "vevox"]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.attrib["message"], failure.text) == ("denied", "twice")


@pytest.mark.parametrize("form", [text, as_markdown, as_html, as_junit], ids=lambda form: form.__name__)
def test_what_a_log_holds_is_never_markup(form: object) -> None:
    shown = form(hostile())  # type: ignore[operator]

    assert "\x1b" not in shown
    assert "\x00" not in shown
    if form in {as_html, as_junit}:
        assert "<script>" not in shown
    if form is as_markdown:
        code = shown.count("`\\x1b[31m<script>") + shown.count("\n```\n\\x1b[31m<script>")
        assert shown.count("<script>") == code  # in spans and blocks of code alone


def test_a_page_of_hostile_text_is_still_xml_for_ci() -> None:
    assert ElementTree.fromstring(as_junit(hostile())).tag == "testsuites"  # noqa: S314 - our own


def test_markdown_tables_keep_their_columns_whatever_is_in_them() -> None:
    rows = [line for line in as_markdown(hostile()).splitlines() if line.startswith("| ")]

    assert {line.replace("\\|", "").count("|") for line in rows} == {3}


@pytest.mark.parametrize("width", [40, 80, 120])
def test_text_is_no_wider_than_the_terminal(width: int) -> None:
    table = Table(head=("times", "destination"), rows=(("1", "a" * 70 + ".example:443"),), numbers=frozenset({0}))
    document = Document(title="", lead=(), sections=(Section(title="x", mood=Mood.BAD, table=table),), cases=())

    assert max(len(line) for line in text(document, width).splitlines()) <= width


def test_no_line_ends_in_spaces() -> None:
    table = Table(head=("file", "unread"), rows=(("access.log", ""), ("", "")))
    document = Document(title="", lead=(), sections=(Section(title="x", mood=Mood.GOOD, table=table),), cases=())

    assert [line for line in text(document).splitlines() if line != line.rstrip()] == []


def test_a_terminal_gets_the_first_rows_and_their_number() -> None:
    table = Table(head=("n",), rows=tuple((str(number),) for number in range(SHOWN + 3)))
    document = Document(title="", lead=(), sections=(Section(title="x", mood=Mood.BAD, table=table),), cases=())

    assert "… and 3 more" in text(document)
