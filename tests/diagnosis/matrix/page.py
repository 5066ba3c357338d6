"""The generated part of docs/diagnose.md: a row a site.

Knows Markdown; everything outside the two marks is written by hand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.diagnosis.matrix.score import Row

PAGE: Final = Path(__file__).parents[3] / "docs" / "diagnose.md"
BEGIN: Final = "<!-- matrix: written by `make diagnose-matrix` -->\n"
END: Final = "<!-- end of matrix -->\n"


def write(rows: Sequence[Row], hold: str) -> None:
    """Put the rows between the marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + table(rows, hold) + END + after, encoding="utf-8")


def table(rows: Sequence[Row], hold: str) -> str:
    """The score, and the table."""
    right = sum(not each.faults for each in rows)
    lines = [
        f"{right} of {len(rows)} sites are named as they are, with `--hold {hold}`.",
        "",
        "| site | to be seen | named, the best first | |",
        "| --- | --- | --- | --- |",
    ]
    for each in rows:
        verdict = "right" if not each.faults else "; ".join(each.faults)
        hidden = tuple(f"not to be seen: {unseen}" for unseen in each.unseen)
        cells = (each.site, _cell(each.expected + hidden), _cell(each.named), verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: Sequence[str]) -> str:
    return "<br>".join(values) or "nothing"
