"""Squid lines made up for tests, and what an audit of them finds."""

from collections.abc import Iterable

from tierwall.audit.files import Lines
from tierwall.audit.findings import Findings
from tierwall.audit.interest import Interest
from tierwall.audit.judging import Question, judged
from tierwall.audit.tally import Adding, Tally, Window
from tierwall.loader import load_catalogue
from tierwall.policy.model import Catalogue

CATALOGUE: Catalogue = load_catalogue([])


def squid(target: str, result: str = "TCP_DENIED/403", *, at: float = 1764230400, client: str = "10.0.0.1") -> str:
    """A line of a CONNECT."""
    hierarchy = "HIER_NONE" if "DENIED" in result else "HIER_DIRECT"
    return f"{at:.3f}      0 {client} {result} 3868 CONNECT {target} - {hierarchy}/- -"


def tallied(lines: Iterable[str], interest: Interest, window: Window | None = None) -> Tally:
    tally = Tally()
    adding = Adding(tally, interest, window or Window())
    reading = Lines("access.log", adding)
    reading.block("".join(f"{line}\n" for line in lines).encode())
    reading.end()
    adding.settle()
    return tally


def audited(lines: Iterable[str], question: Question | None = None, window: Window | None = None) -> Findings:
    asked = question or Question(pseudonym=str)
    interest = Interest(CATALOGUE, keep_all=asked.site is not None)
    return judged(tallied(lines, interest, window), interest, asked)
