"""The journal: events as an append-only JSON Lines file, the other sinks' protocol, and reading a journal back.

Knows files and one writer thread; what an event says is events'. Once it is open, nothing here raises into
the caller or makes it wait.
"""

from tierwall.journal.reading import Unreadable, journal_files, read_journal
from tierwall.journal.sinks import FanOut, Selected, Sink
from tierwall.journal.writer import ROTATE_OCTETS, CannotJournal, Journal

__all__ = [
    "ROTATE_OCTETS",
    "CannotJournal",
    "FanOut",
    "Journal",
    "Selected",
    "Sink",
    "Unreadable",
    "journal_files",
    "read_journal",
]
