"""One run of the benchmark: what every part is given.

Knows the ground, the scale, the peers there are, the results so far and the screen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.progress import Progress

from bench.ground import Ground
from bench.peer import Peer
from bench.peers import Envoy
from bench.results import Results
from bench.scale import Scale


@dataclass(frozen=True, slots=True)
class Bench:
    """Handed to every part."""

    ground: Ground
    scale: Scale
    kinds: tuple[type[Peer], ...]
    """Peers that this machine has."""
    results: Results
    progress: Progress

    @property
    def by_address(self) -> tuple[type[Peer], ...]:
        """Those that can be told the target's address, or need none."""
        return tuple(kind for kind in self.kinds if kind is not Envoy)

    def rounds(self, part: str, peers: list[Peer]) -> Iterator[Peer]:
        """Alternate: every peer once a round, each round beginning with another, so that drift hits all alike."""
        for number in self.steps(part, self.scale.rounds):
            first = number % len(peers)
            yield from (*peers[first:], *peers[:first])

    def steps(self, part: str, count: int, title: str = "") -> Iterator[int]:
        """Count, with a progress bar."""
        task = self.progress.add_task(f"{part} {title}".strip(), total=count)
        for number in range(count):
            yield number
            self.progress.advance(task)

    def say(self, text: str) -> None:
        """A line above the progress bars."""
        self.progress.console.print(text, highlight=False)


type Part = Callable[[Bench], None]
