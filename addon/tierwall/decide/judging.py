"""The site that answers, as its files are now: the last that loaded, looked at anew while it is asked.

Knows files' times, and keeps answers by the question's own octets. What an answer looks like is the protocols'.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cachetools import LRUCache

from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.watching import Signature, files_of, look
from tierwall.policy.attempt import Attempt, Verdict
from tierwall.policy.judge import judge, prepare
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

LOOK_EVERY_S: Final = 1.0
"""Seconds between two looks at the files, at least."""

KEPT: Final = 65536
"""Answers that are kept."""

_KEPT_OCTETS: Final = 512
"""Of a question whose answer is kept: longer ones are not asked twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, and the site that it was made under."""

    verdict: Verdict
    site: Site


class Judging:
    """Answers for one site. Files that no longer load are said, and change nothing."""

    def __init__(
        self, site: str, policies: Sequence[Path], say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        """Load it. Raises InvalidFiles."""
        self._name, self._policies = site, tuple(policies)
        self._say, self._clock = say, clock
        self._kept: LRUCache[bytes, bytes] = LRUCache(KEPT)
        self._catalogue = load_catalogue(self._policies)
        self.site = load_site(site, self._catalogue)
        prepare(self.site, self._catalogue)
        self._seen, self._looked_at = self._look(), clock()

    @property
    def unenforced(self) -> str | None:
        """What of the site no answer can bring about; None where there is nothing."""
        names = ", ".join(dict.fromkeys(each.NAME for each in self.site.behaviours))
        return f"behaviours act on octets, which only `tierwall run` sees; not enforced: {names}" if names else None

    @property
    def catalogue(self) -> Catalogue:
        """What all vendors ask for."""
        return self._catalogue

    def judge(self, attempt: Attempt) -> Judged:
        """The verdict under the site as it was last loaded."""
        return Judged(verdict=judge(self.site, self._catalogue, attempt), site=self.site)

    def recall(self, question: bytes) -> bytes | None:
        """The answer that was given to the same octets under the same site; None where there is none."""
        return self._kept.get(question)

    def keep(self, question: bytes, answer: bytes) -> bytes:
        """Keep the answer for who asks the same again."""
        if len(question) <= _KEPT_OCTETS:
            self._kept[question] = answer
        return answer

    def refresh(self) -> None:
        """Look at the files, where that was not just done, and load what changed."""
        if self._clock() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = self._clock()
        if (now := self._look()) == self._seen:
            return
        self._seen = now
        try:
            catalogue = load_catalogue(self._policies)
            site = load_site(self._name, catalogue)
        except InvalidFiles as invalid:
            self._say(f"the files changed and do not load; the site stays as it was:\n{invalid}")
            return
        prepare(site, catalogue)
        self.site, self._catalogue = site, catalogue
        self._kept.clear()
        self._seen = {**self._look(), **now}
        self._say(f"site {site.id} was loaded anew")

    def _look(self) -> Signature:
        return look(files_of([self.site], self._catalogue, self._policies))
