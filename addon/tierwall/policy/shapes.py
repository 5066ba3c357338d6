"""A lookup among shapes: patterns with open ends, glued suffixes and wildcards in the middle.

Knows labels and payloads. A tree of labels from the right, walked with all the ways in which a name fits at once. Its
cost depends on the name's labels (at most 127) and on how many wildcards one pattern has, not on how many patterns
there are: at each label a way leads to at most one node for the label itself, one for ONE, SOME and ANY each, and one
dictionary lookup for each pair of lengths (before and behind the `*`) that labels with a `*` have there.
"""

import re
from collections.abc import Iterable, Iterator

from tierwall.policy.dialect import ANY, ONE, SOME, Shape


class _Node[P]:
    __slots__ = ("found", "globs", "labels", "loops")

    def __init__(self) -> None:
        self.labels: dict[str, _Node[P]] = {}
        """Behind a label as it is, and behind ONE, SOME and ANY, which no label is called."""
        self.globs: dict[tuple[int, int], dict[tuple[str, str], list[tuple[re.Pattern[str], _Node[P]]]]] = {}
        """Behind labels with a `*`: by the lengths of what is before the first and behind the last, then by those."""
        self.loops = False
        """Whether further labels may stay here."""
        self.found: list[tuple[str, P]] = []


class ShapeIndex[P]:
    """Shapes with their payloads."""

    __slots__ = ("_root",)

    def __init__(self, shapes: Iterable[tuple[Shape, P]]) -> None:
        self._root: _Node[P] = _Node()
        for shape, payload in shapes:
            node = self._root
            for label in reversed(shape.labels):
                node = _behind(node, label)
            if (shape.spelling, payload) not in node.found[-1:]:
                node.found.append((shape.spelling, payload))

    def find(self, name: str) -> Iterator[tuple[str, P]]:
        """The spelling and payload of each shape that covers the name."""
        active = _with_empty_runs([self._root])
        for label in reversed(name.split(".")):
            active = _with_empty_runs(_step(active, label))
            if not active:
                return
        for node in active:
            yield from node.found


def _behind[P](node: _Node[P], label: str) -> _Node[P]:
    if "*" not in label:
        if label not in node.labels:
            node.labels[label] = _Node()
            node.labels[label].loops = label in {SOME, ANY}
        return node.labels[label]
    before, *_, behind = label.split("*")
    same = node.globs.setdefault((len(before), len(behind)), {}).setdefault((before, behind), [])
    pattern = re.compile("[a-z0-9_-]*".join(map(re.escape, label.split("*"))))
    for known, child in same:
        if known == pattern:
            return child
    same.append((pattern, _Node()))
    return same[-1][1]


def _step[P](active: Iterable[_Node[P]], label: str) -> Iterator[_Node[P]]:
    for node in active:
        if node.loops:
            yield node
        for key in (label, ONE, SOME):
            if key in node.labels:
                yield node.labels[key]
        for (before, behind), globs in node.globs.items():
            if before + behind <= len(label):
                for pattern, child in globs.get((label[:before], label[len(label) - behind :]), ()):
                    if pattern.fullmatch(label):
                        yield child


def _with_empty_runs[P](nodes: Iterable[_Node[P]]) -> dict[_Node[P], None]:
    """The nodes, each once, and those behind them that need no label."""
    active: dict[_Node[P], None] = {}
    for node in nodes:
        active[node] = None
        if (
            behind := node.labels.get(ANY)
        ) is not None:  # a run behind a run is one, so that this is the only such node
            active[behind] = None
    return active
