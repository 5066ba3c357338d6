"""The samples of tests/logs: what each holds, and each record as one line of its table.

A sample is called by its format, `squid.log`; `squid.expected` beside it is its table, and a second sample of the same
format has a word behind a dot, `fortigate.cef.log`.
"""

from collections.abc import Iterator
from pathlib import Path

from tierwall.audit.comparing import place
from tierwall.audit.judging import rfc3339
from tierwall.records.formats import FORMATS, WHOLE, format_of_line
from tierwall.records.reading import WholeFormat
from tierwall.records.record import Record, Unread

LOGS = Path(__file__).parents[1] / "logs"


def samples() -> list[Path]:
    return sorted(path for path in LOGS.iterdir() if path.suffix not in {".expected", ".md", ".py"} and path.is_file())


def format_id(path: Path) -> str:
    return path.name.partition(".")[0]


def table_of(path: Path) -> str:
    """What the sample's own format reads, one record a line; what it cannot read, as that."""
    return "".join(f"{line}\n" for line in _rows(path))


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


def is_whole(path: Path) -> bool:
    return format_id(path) in {each.id for each in WHOLE}


def _rows(path: Path) -> Iterator[str]:
    found = FORMATS[format_id(path)]
    if isinstance(found, WholeFormat):
        with path.open("rb") as stream:
            for record in found.read(stream):
                yield f"unread: {record}" if isinstance(record, Unread) else _row(record)
        return
    read = found.reader()
    for line in lines_of(path):
        try:
            record = read(line)
        except Unread as why:
            yield f"unread: {why}"
        else:
            yield "header" if record is None else _row(record)


def _row(record: Record) -> str:
    statement, when, client, lines, _ = record
    attempt = statement.attempt
    names = "" if attempt is None else " ".join(f"{name.source}={name.value}" for name in attempt.names)
    where = "nowhere" if attempt is None else place(attempt)
    parts = (statement.decision, where, names or "-", statement.method or "-", rfc3339(when) or "-", client or "-")
    return " | ".join([*parts, statement.words, *([f"{lines} lines"] if lines > 1 else [])])


__all__ = ["format_id", "format_of_line", "is_whole", "lines_of", "samples", "table_of"]
