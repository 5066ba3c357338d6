"""A document as Markdown, to paste into a ticket."""

import re
from collections.abc import Iterator

from tierwall.events.hostile_text import visible
from tierwall.report.document import Block, Document, Item, Section, Table
from tierwall.report.forms.markdown_text import code, prose


def as_markdown(document: Document) -> str:
    """Headings, sentences and tables of GitHub's dialect, which trackers read."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"## {_prose(document.title)}"
    for line in document.lead:
        yield ""
        yield _prose(line)
    for line in document.warnings:
        yield ""
        yield f"**{_prose(line)}**"
    for section in document.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"### {_prose(section.title)}"
    for line in section.lead:
        yield ""
        yield _prose(line)
    for item in section.items:
        yield from _item(item)
    if section.table is not None:
        yield from _table(section.table)
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    yield ""
    if block.folded:
        named = f"{_prose(block.title)}: left out here; the report in HTML has it."
        yield f"{named} SHA-256 {code(block.sha256)}" if block.sha256 is not None else named
        return
    lines = [visible(line) for line in block.text.splitlines()]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)  # CommonMark section 4.5: longer than any within
    yield fence
    yield from lines
    yield fence


def _item(item: Item) -> Iterator[str]:
    yield ""
    yield f"**{_prose(item.name)}**" + (f" ({item.tier})" if item.tier is not None else "")
    if item.text:
        yield ""
        yield _prose(item.text)
    if item.table is not None:
        yield from _table(item.table)


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(map(_prose, table.head))} |"
    yield f"| {' | '.join('---:' if at in table.numbers else '---' for at in range(len(table.head)))} |"
    for row in table.rows:
        cells = [code(visible(cell)) if at in table.codes and cell else _prose(cell) for at, cell in enumerate(row)]
        yield f"| {' | '.join(cells)} |"


def _prose(text: str) -> str:
    return prose(visible(text))
