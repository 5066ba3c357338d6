"""A text -> a QR code of characters, two modules each, for a terminal whose colours are anybody's guess.

Knows half blocks. The light modules are drawn, in white on black: that scans on dark and on light terminals, and on a
dark one without colours too.
"""

from typing import Final

import segno
from rich.style import Style

STYLE: Final = Style(color="bright_white", bgcolor="black")

_QUIET_ZONE: Final = 4
"""Light modules around it (ISO/IEC 18004 section 6.3.8)."""

_HALVES: Final = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""By whether the upper and the lower module are dark."""


def qr_lines(text: str) -> list[str]:
    """The lines, all of one width, to be printed in STYLE. Error correction is the least: screens have no stains."""
    code = segno.make_qr(text, error="l")
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(_HALVES[halves] for halves in zip(upper, lower, strict=True)) for upper, lower in pairs]
