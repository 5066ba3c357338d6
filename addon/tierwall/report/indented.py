"""A text that wraps behind its indent, for what people paste into tickets.

rich's padding and tables fill lines with spaces up to the edge; this leaves none at a line's end.
"""

from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Indented:
    """Wrapped at words, `columns` from the left; `lead` stands in the first line's indent."""

    text: Text
    columns: int
    lead: Text = field(default_factory=Text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, as rich asks for them."""
        width = max(options.max_width - self.columns, 1)
        lead = self.lead
        for line in self.text.wrap(console, width, overflow="fold"):
            line.rstrip()
            yield Text.assemble(lead, " " * (self.columns - lead.cell_len), line)
            lead = Text()
