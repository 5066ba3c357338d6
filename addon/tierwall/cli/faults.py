"""Bad input: everything that is wrong with a command line and its files, at once.

Knows no command.
"""

from collections.abc import Iterable


class BadInput(Exception):
    """What cannot be used, one fault a line, each said once."""

    def __init__(self, faults: Iterable[object]) -> None:
        self.faults = tuple(dict.fromkeys(line for fault in faults for line in str(fault).splitlines()))
        super().__init__(*self.faults)
