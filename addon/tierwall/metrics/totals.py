"""What several processes count, added up; what a process had counted when it died still counts.

Pure. A sum that fell when a worker dies would be read as a restart, and counted twice.
"""

from collections.abc import Iterable, Mapping

from tierwall.metrics.families import Sample, grows

type _Key = tuple[str, tuple[tuple[str, str], ...]]

_ONE_FOR_ALL = frozenset({"tierwall_site_info"})
"""Said by each process, true once."""


class Totals:
    """Of one run."""

    def __init__(self) -> None:
        self._living: dict[int, dict[_Key, float]] = {}
        self._dead: dict[_Key, float] = {}

    def add_up(self, said: Mapping[int, Iterable[Sample]]) -> list[Sample]:
        """The sums, of what each process that lives says now, by its id."""
        for process in self._living.keys() - said.keys():
            for key, value in self._living.pop(process).items():
                if grows(key[0]):
                    self._dead[key] = self._dead.get(key, 0) + value
        for process, samples in said.items():
            self._living[process] = {(name, tuple(labels.items())): value for name, labels, value in samples}
        sums = dict(self._dead)
        for counted in self._living.values():
            for key, value in counted.items():
                sums[key] = value if key[0] in _ONE_FOR_ALL else sums.get(key, 0) + value
        return [(name, dict(labels), value) for (name, labels), value in sums.items()]
