"""A document as one HTML file, to send to a customer: no script, nothing fetched, light and dark, prints on paper."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from tierwall.events.hostile_text import visible
from tierwall.report.document import Block, Document, Item, Section, Table

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2129; --paper: #fff; --dim: #575d68; --line: #e1e4e9; --wash: #f5f6f8;
  --bad: #b00020; --good: #1b6e2c; --open: #7a5a00; --calm: #00627a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --paper: #16191e; --dim: #a3aab6; --line: #343a44;
  --wash: #1f242b; --bad: #ff8a94; --good: #7fd08f; --open: #e6bf5c; --calm: #74c7de; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.15rem; border-bottom: 2px solid; padding-bottom: .2rem; margin-top: 2rem; }
h2.bad, .is-broken, .core { color: var(--bad); } h2.good, .is-works { color: var(--good); }
h2.open, .is-degraded, .auxiliary, .warning { color: var(--open); } .analytics { color: var(--calm); }
.none, .is-not-tested { color: var(--dim); }
.is-broken, .is-degraded, .is-works, .is-not-tested { font-weight: 600; }
h3 { font-size: 1rem; margin: 1rem 0 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th { text-align: left; color: var(--dim); font-weight: 600; white-space: nowrap; }
th, td { padding: .25rem .9rem .25rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
td { overflow-wrap: break-word; min-width: 3rem; } td.code { min-width: 14ch; } td code { overflow-wrap: anywhere; }
.whole { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--wash); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
p { margin: .3rem 0; } .warning, .lead { font-weight: 600; }
.lead { font-size: 1.1rem; border-left: 4px solid var(--line); padding-left: .8rem; }
details { margin: .5rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.tier { font-size: .8rem; padding: 0 .4rem; border-radius: .6rem; border: 1px solid; white-space: nowrap; }
@media (max-width: 45rem) {
  body { margin: 1rem auto; }
  thead { position: absolute; left: -999rem; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td, td.number { border: 0; padding: .1rem 0; text-align: left; white-space: normal; display: grid;
    grid-template-columns: 7rem minmax(0, 1fr); gap: .6rem; justify-items: start; }
  td:empty { display: none; }
  td::before { content: attr(data-head); color: var(--dim); font: 600 12px/1.8 system-ui, sans-serif; }
}
@media print {
  :root { --ink: #000; --paper: #fff; --dim: #444; --line: #bbb; --wash: #fff; --bad: #b00020; --good: #1b6e2c;
    --open: #7a5a00; --calm: #00627a; color-scheme: light; }
  @page { size: A4; margin: 15mm 14mm; }
  body { margin: 0; padding: 0; max-width: none; font-size: 10pt; } code, pre { font-size: 8.5pt; }
  table { font-size: 9pt; } thead { display: table-header-group; }
  tr, li { break-inside: avoid; } h2, h3, section > p { break-after: avoid; }
  details > :not(summary) { display: none; } summary { list-style: none; }
}
""".strip()


_SHORT: Final = 14
"""Characters that a column of code always has room for."""
_WHOLE: Final = 26
"""Characters of a word that is never divided: an address with its port and transport."""


def as_html(document: Document) -> str:
    """A whole file, UTF-8."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    title = _text(document.title)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    yield from (f'<p class="lead">{_prose(line)}</p>' for line in document.lead)
    yield from (f'<p class="warning">{_prose(line)}</p>' for line in document.warnings)
    for section in document.sections:
        yield from _section(section)
    yield "</body></html>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section><h2 class="{section.mood}">{_text(section.title)}</h2>'
    yield from (f"<p>{_prose(line)}</p>" for line in section.lead)
    for item in section.items:
        yield from _item(item)
    if section.table is not None:
        yield from _table(section.table)
    for block in section.blocks:
        yield _block(block)
    yield "</section>"


def _item(item: Item) -> Iterator[str]:
    tier = f' <span class="tier {item.tier}">{item.tier}</span>' if item.tier is not None else ""
    yield f"<h3>{_text(item.name)}{tier}</h3>"
    if item.text:
        yield f"<p>{_prose(item.text)}</p>"
    if item.table is not None:
        yield from _table(item.table)


def _table(table: Table) -> Iterator[str]:
    yield "<table><thead><tr>"
    yield "".join(f"<th{_class(table, at)}>{_text(cell)}</th>" for at, cell in enumerate(table.head))
    yield "</tr></thead><tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(_cell(table, at, cell) for at, cell in enumerate(row))}</tr>"
    yield "</tbody></table>"


def _cell(table: Table, at: int, cell: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\d", r'<span class="whole">\g<0></span>', _prose(cell))
    if at in table.codes and text:
        text = f"<code>{_breakable(_text(cell))}</code>"
    elif at in table.words and (word := cell.partition(":")[0]) in _WORDS:
        text = f'<span class="{_WORDS[word]}">{text}</span>'
    elif "<" in text:
        text = f"<span>{text}</span>"  # one item of the grid that a cell is on narrow screens
    return f'<td{_class(table, at)} data-head="{_text(table.head[at])}">{text}</td>'


_WORDS: Final = {
    "core": "tier core",
    "auxiliary": "tier auxiliary",
    "analytics": "tier analytics",
    "broken": "is-broken",
    "degraded": "is-degraded",
    "works": "is-works",
    "not tested": "is-not-tested",
}
"""What has a colour, and which; it is never the colour alone that says it."""


def _breakable(code: str) -> str:
    """Words stay whole where a column has room for them; a long one may go on behind its dots, before its port."""
    return " ".join(map(_word, code.split(" ")))


def _word(word: str) -> str:
    if len(word) <= _SHORT:
        return word
    if len(word) <= _WHOLE:
        return f'<span class="whole">{word}</span>'
    return re.sub(r"\.(?=\w)|(?=:\d)", r"\g<0><wbr>", word)


def _class(table: Table, at: int) -> str:
    if at in table.numbers:
        return ' class="number"'
    return ' class="code"' if at in table.codes else ""


def _block(block: Block) -> str:
    """Data is shown as it is, so that its hash holds: a page's text is no terminal's, and JSON escapes the rest."""
    if block.sha256 is None:
        return f"<pre>{'\n'.join(_text(line) for line in block.text.splitlines())}</pre>"
    data = f'<pre class="data" data-name="{_text(block.title)}" data-sha256="{block.sha256}">{escape(block.text)}</pre>'
    digest = f"<code>{block.sha256}</code>"
    return f"<details><summary>{_text(block.title)}, SHA-256 of the data {digest}</summary>{data}</details>"


def _prose(text: str) -> str:
    """Sentences: what stands between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    return escape(visible(text))
