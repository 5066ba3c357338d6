"""A document as one HTML file, to send to a customer: no script, nothing fetched, prints on paper."""

from collections.abc import Iterator
from html import escape
from typing import Final

from tierwall.events.hostile_text import visible
from tierwall.report.document import Document, Item, Section, Table

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2129; background: #fff; max-width: 70rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; border-bottom: 2px solid; padding-bottom: .2rem; margin-top: 2rem; }
h2.bad { color: #b00020; } h2.good { color: #1b6e2c; } h2.open { color: #7a5a00; }
h3 { font-size: 1rem; margin: 1rem 0 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th { text-align: left; color: #555; font-weight: 600; }
th, td { padding: .15rem .8rem .15rem 0; vertical-align: top; border-bottom: 1px solid #e4e6ea;
  overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: 13px/1.5 ui-monospace, monospace; } p { margin: .3rem 0; }
.warning { color: #7a5a00; font-weight: 600; } .lead { font-weight: 600; }
.tier { font-size: .8rem; padding: 0 .4rem; border-radius: .6rem; border: 1px solid; }
.core { color: #b00020; } .auxiliary { color: #7a5a00; } .analytics { color: #00627a; } .none { color: #555; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } h2, h3 { break-after: avoid; } }
""".strip()


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
    yield from (f'<p class="lead">{_text(line)}</p>' for line in document.lead)
    yield from (f'<p class="warning">{_text(line)}</p>' for line in document.warnings)
    for section in document.sections:
        yield from _section(section)
    yield "</body></html>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section><h2 class="{section.mood}">{_text(section.title)}</h2>'
    yield from (f"<p>{_text(line)}</p>" for line in section.lead)
    for item in section.items:
        yield from _item(item)
    if section.table is not None:
        yield from _table(section.table)
    yield "</section>"


def _item(item: Item) -> Iterator[str]:
    tier = f' <span class="tier {item.tier}">{item.tier}</span>' if item.tier is not None else ""
    yield f"<h3>{_text(item.name)}{tier}</h3>"
    if item.text:
        yield f"<p>{_text(item.text)}</p>"
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
    text = _text(cell)
    return f"<td{_class(table, at)}>{f'<code>{text}</code>' if at in table.codes and text else text}</td>"


def _class(table: Table, at: int) -> str:
    return ' class="number"' if at in table.numbers else ""


def _text(text: str) -> str:
    return escape(visible(text))
