"""Results -> an SVG with bars, a panel for each figure, a whisker from the least to the greatest round.

Knows coordinates. Written by hand, since a plotting library would be a dependency for six panels.
"""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from bench.results import Results

_PANELS: Final = (
    ("tunnels.rate", "new tunnels a second", "more is better"),
    ("tunnels.cpu", "proxy CPU a tunnel, us", "less is better"),
    ("denials.rate", "denials a second", "more is better"),
    ("bulk.rate", "one bulk stream, GB/s", "more is better"),
    ("echo.p50", "64-octet echo p50, us", "less is better"),
    ("memory.pss", "idle tunnel, kB", "less is better"),
)
_COLOURS: Final = {
    "direct": "#b8bcc4",
    "tierwall": "#0b7a75",
    "tierwall, Debian": "#12a39c",
    "squid": "#d97706",
    "tinyproxy": "#8b8f98",
    "mitmproxy": "#6b6f78",
    "envoy": "#b0b4bc",
}
_WIDTH, _HEIGHT, _COLUMNS = 420, 190, 2
_LEFT, _BAR, _STEP, _TOP = 92, 18, 26, 50


def svg(results: Results) -> str | None:
    """The whole picture, or None where there is nothing to show."""
    panels = [panel for panel in _PANELS if panel[0] in results.samples]
    if not panels:
        return None
    rows = -(-len(panels) // _COLUMNS)
    width, height = _WIDTH * _COLUMNS, _HEIGHT * rows
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="tierwall and its peers"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (figure, title, sense) in enumerate(panels):
        x, y = number % _COLUMNS * _WIDTH, number // _COLUMNS * _HEIGHT
        lines.append(f'<g transform="translate({x} {y})">')
        lines.extend(_panel(results, figure, title, sense))
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _panel(results: Results, figure: str, title: str, sense: str) -> Iterator[str]:
    yield f'<text x="12" y="22" font-weight="600" font-size="13" fill="#1f2328">{escape(title)}</text>'
    yield f'<text x="12" y="38" fill="#656d76">{escape(sense)}</text>'
    by_peer = results.samples[figure]
    greatest = max(max(values) for values in by_peer.values()) or 1.0
    room = _WIDTH - _LEFT - 80
    for row, peer in enumerate(peer for peer in _COLOURS if peer in by_peer):
        y = _TOP + row * _STEP
        middle, least, most = (
            value / greatest * room
            for value in (results.of(figure, peer) or 0.0, min(by_peer[peer]), max(by_peer[peer]))
        )
        weight = ' font-weight="600"' if peer == "tierwall" else ""
        yield f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#1f2328"{weight}>{peer}</text>'
        yield f'<rect x="{_LEFT}" y="{y}" width="{max(middle, 1):.1f}" height="{_BAR}" rx="2" fill="{_COLOURS[peer]}"/>'
        yield f'<path d="M{_LEFT + least:.1f} {y + 9}H{_LEFT + most:.1f}" stroke="#1f2328" stroke-width="1.5"/>'
        label = _label(results.of(figure, peer) or 0.0)
        yield f'<text x="{_LEFT + max(most, middle) + 6:.1f}" y="{y + 13}" fill="#1f2328"{weight}>{label}</text>'


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
