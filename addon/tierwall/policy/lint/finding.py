"""A finding, and how bad it is.

Knows the closed list of what can be found; vendors.py and sites.py find it.
"""

from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.dialect.mending import Proposal


class Severity(StrEnum):
    """`error`: contradicts the vendor's document. `warning`: surely not meant so. `note`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """What can be found."""

    ADDRESSES_UNUSABLE = "addresses-unusable"
    COPY_PASTE_ONLY = "copy-paste-only"
    OVERLAPPING_NETWORKS = "overlapping-networks"
    SHADOWED_RULE = "shadowed-rule"
    APEX_NOT_COVERED = "apex-not-covered"
    MERGEABLE_NETWORKS = "mergeable-networks"
    UNSPECIFIED = "unspecified"
    ANYWHERE = "anywhere"
    STALE_DOCUMENT = "stale-document"
    ADMITS_NOTHING = "admits-nothing"
    REJECTED_SPELLING = "rejected-spelling"
    DENIED_ENTRY = "denied-entry"
    DENIED_RULE = "denied-rule"
    DUPLICATE_ENTRY = "duplicate-entry"
    PUBLIC_SUFFIX = "public-suffix"
    WITHOUT_CORE = "without-core"
    WEAK_EVIDENCE = "weak-evidence"
    OVER_MATCH = "over-match"
    LIST_ADMITS = "list-admits"
    LIST_MISSES = "list-misses"
    UNDOCUMENTED = "undocumented"
    HEURISTIC = "heuristic"
    CLAIMED_NAMES = "claimed-names"
    NOT_FOLLOWED = "not-followed"

    @property
    def severity(self) -> Severity:
        """How bad it is, wherever it is found."""
        if self is Code.ADDRESSES_UNUSABLE:
            return Severity.ERROR
        return Severity.NOTE if self in _NOTES else Severity.WARNING


_NOTES = {
    Code.APEX_NOT_COVERED,
    Code.MERGEABLE_NETWORKS,
    Code.UNSPECIFIED,
    Code.ANYWHERE,
    Code.DENIED_RULE,
    Code.WEAK_EVIDENCE,
    Code.LIST_ADMITS,
    Code.LIST_MISSES,
    Code.UNDOCUMENTED,
    Code.CLAIMED_NAMES,
    Code.NOT_FOLLOWED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One odd thing: what it is about (`8x8`, `8x8/turn-london`, a site's id), and what would mend it."""

    subject: str
    code: Code
    message: str
    mend: str | None = None
    proposals: tuple[Proposal, ...] = ()
    """The spellings that the mend proposes, for programs."""

    @property
    def severity(self) -> Severity:
        """That of its code."""
        return self.code.severity
