"""A lookup among shapes: patterns with open ends, glued suffixes and wildcards in the middle.

Knows labels and payloads. A tree of labels from the right, walked with all the ways in which a name fits at once. Its
cost depends on the name's labels (at most 127) and on how many wildcards one pattern has, not on how many patterns
there are: at each label a way leads to at most one node for the label itself, one for ONE, SOME and ANY each, and one
dictionary lookup for each pair of lengths (before and behind the `*`) that labels with a `*` have there.
"""

import re
from collections.abc import Iterable, Iterator

from tierwall.policy.dialect import ANY, ONE, SOME, Shape

type _Globs[P] = dict[tuple[int, int], dict[tuple[str, str], list[tuple[re.Pattern[str], _Node[P]]]]]


class _Node[P]:
    """Most have nothing behind them, and a list may have a million: what is not there takes no memory."""

    __slots__ = ("found", "globs", "labels", "loops")

    def __init__(self, *, loops: bool) -> None:
        self.labels: dict[str, _Node[P]] | None = None
        """Behind a label as it is, and behind ONE, SOME and ANY, which no label is called."""
        self.globs: _Globs[P] | None = None
        """Behind labels with a `*`: by the lengths of what is before the first and behind the last, then by those."""
        self.loops = loops
        """Whether further labels may stay here."""
        self.found: tuple[tuple[str, P], ...] = ()


class _Open[P]:
    """Names with more labels behind them, and any or none before: a list may have a million, each one dict slot."""

    __slots__ = ("_payloads", "_shared")

    def __init__(self) -> None:
        self._payloads: dict[str, tuple[tuple[str | None, P], ...]] = {}
        self._shared: dict[tuple[tuple[str | None, P], ...], tuple[tuple[str | None, P], ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._payloads)

    def add(self, name: str, spelling: str, payload: P) -> None:
        """The spelling is kept where it is not the name itself, or `*.` before it."""
        known = None if spelling in {name, f"*.{name}"} else spelling
        before = self._payloads.get(name, ())
        if (known, payload) not in before:
            both = (*before, (known, payload))
            self._payloads[name] = self._shared.setdefault(both, both)

    def spellings(self) -> Iterator[str]:
        """Of all; of those with labels before them, without."""
        for name, marks in self._payloads.items():
            yield from (name if spelling is None else spelling for spelling, _ in marks)

    def find(self, name: str, before: str) -> Iterator[tuple[str, P]]:
        """What stands for the name, with how it is spelled."""
        for spelling, payload in self._payloads.get(name, ()):
            yield before + name if spelling is None else spelling, payload


class ShapeIndex[P]:
    """Shapes with their payloads."""

    __slots__ = ("_begun", "_inside", "_root")

    def __init__(self) -> None:
        self._root: _Node[P] = _Node(loops=False)
        self._begun: _Open[P] = _Open()
        """Names that go on behind: `x` of PAN-OS without an ending token."""
        self._inside: _Open[P] = _Open()
        """The same with labels before them too."""

    def add(self, shape: Shape, payload: P) -> None:
        """One by one, because a million of them beside their tree would be twice the memory."""
        first, *others = shape.labels
        plain = others[:-1] if first == SOME else [first, *others[:-1]]
        if others and others[-1] == SOME and plain and not any(_is_wild(label) for label in plain):
            (self._inside if first == SOME else self._begun).add(".".join(plain), shape.spelling, payload)
            return
        node = self._root
        for label in reversed(shape.labels):
            node = _behind_glob(node, label) if "*" in label else _behind(node, label)
        if (shape.spelling, payload) not in node.found:
            node.found = (*node.found, (shape.spelling, payload))

    def find(self, name: str) -> Iterator[tuple[str, P]]:
        """The spelling and payload of each shape that covers the name."""
        if self._begun or self._inside:
            yield from self._that_go_on(name.split("."))
        active = _with_empty_runs([self._root])
        for label in reversed(name.split(".")):
            active = _with_empty_runs(_step(active, label))
            if not active:
                return
        for node in active:
            yield from node.found

    def spellings(self) -> Iterator[str]:
        """Of all that were added."""
        yield from self._begun.spellings()
        yield from self._inside.spellings()
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            yield from (spelling for spelling, _ in node.found)
            waiting += (node.labels or {}).values()
            waiting += (child for same in (node.globs or {}).values() for globs in same.values() for _, child in globs)

    def _that_go_on(self, labels: list[str]) -> Iterator[tuple[str, P]]:
        for end in range(1, len(labels)):
            yield from self._begun.find(".".join(labels[:end]), "")
            if self._inside:
                for start in range(1, end):
                    yield from self._inside.find(".".join(labels[start:end]), "*.")


def _is_wild(label: str) -> bool:
    return label in {ONE, SOME, ANY} or "*" in label


def _behind[P](node: _Node[P], label: str) -> _Node[P]:
    if node.labels is None:
        node.labels = {}
    child = node.labels.get(label)
    if child is None:
        child = node.labels[label] = _Node(loops=label in {SOME, ANY})
    return child


def _behind_glob[P](node: _Node[P], label: str) -> _Node[P]:
    if node.globs is None:
        node.globs = {}
    before, *_, behind = label.split("*")
    same = node.globs.setdefault((len(before), len(behind)), {}).setdefault((before, behind), [])
    pattern = re.compile("[a-z0-9_-]*".join(map(re.escape, label.split("*"))))
    for known, child in same:
        if known == pattern:
            return child
    same.append((pattern, _Node(loops=False)))
    return same[-1][1]


def _step[P](active: Iterable[_Node[P]], label: str) -> Iterator[_Node[P]]:
    for node in active:
        if node.loops:
            yield node
        if node.labels is not None:
            for key in (label, ONE, SOME):
                if key in node.labels:
                    yield node.labels[key]
        if node.globs is not None:
            yield from _through_globs(node.globs, label)


def _through_globs[P](found: _Globs[P], label: str) -> Iterator[_Node[P]]:
    for (before, behind), globs in found.items():
        if before + behind <= len(label):
            for pattern, child in globs.get((label[:before], label[len(label) - behind :]), ()):
                if pattern.fullmatch(label):
                    yield child


def _with_empty_runs[P](nodes: Iterable[_Node[P]]) -> dict[_Node[P], None]:
    """The nodes, each once, and those behind them that need no label."""
    active: dict[_Node[P], None] = {}
    for node in nodes:
        active[node] = None
        if node.labels is not None and ANY in node.labels:  # a run behind a run is one: no such node has another
            active[node.labels[ANY]] = None
    return active
