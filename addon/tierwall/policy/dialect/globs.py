"""Spellings with wildcards anywhere -> the parts that they cover.

Knows the two ways in which products write wildcards between and within labels; which product does is products.py's.
"""

import re

from tierwall.policy.dialect.reading import ANY, ONE, SOME, Part, Reading, Shape


def as_pan_os(found: re.Match[str]) -> tuple[Part, ...]:
    """Tokens between dots: `*` is one or more, `^` is one. The end is closed."""
    return _covered(found.string, _pan_labels(found.string))


def as_pan_os_legacy(found: re.Match[str]) -> tuple[Part, ...]:
    """The same; where neither `/` nor `*` closes the end, more labels may follow."""
    spelling = found.string
    labels = _pan_labels(spelling)
    closed = _covered(spelling, labels)
    return closed if spelling.endswith(("/", "*")) else (*closed, Shape(spelling, (*labels, SOME)))


def as_cilium(found: re.Match[str]) -> tuple[Part, ...]:
    """`*` is any characters of one label, `**.` at the very left one or more labels."""
    first, *others = found.string.split(".")
    labels = [SOME if re.fullmatch(r"\*{2,}", first) and others else _cilium_label(first), *map(_cilium_label, others)]
    covered = _covered(found.string, tuple(labels))
    without = found.string.lstrip("*")
    if without != found.string and without[:1] != "." and "*" not in without:
        return (Reading(without, 0, 0), *covered)  # so that what is below it comes close
    return covered


def as_glued(found: re.Match[str]) -> tuple[Part, ...]:
    """`*x`: anything at all before x, without a dot between them too."""
    first, *others = found["x"].split(".")
    return Reading(found["x"], 0, None), Shape(found.string, (ANY, f"*{first}", *others))


def everything(found: re.Match[str]) -> tuple[Part, ...]:
    """Every host."""
    return (Shape(found.string, (SOME,)),)


def _covered(spelling: str, labels: tuple[str, ...]) -> tuple[Part, ...]:
    """A plain reading where all wildcards stand whole at the left; a shape otherwise."""
    at = 0
    while at < len(labels) and labels[at] in (ONE, SOME):
        at += 1
    rest = labels[at:]
    if rest and not any(label in (ONE, SOME) or "*" in label for label in rest):
        return (Reading(".".join(rest), at, None if SOME in labels[:at] else at),)
    return (Shape(spelling, labels),)


def _pan_labels(spelling: str) -> tuple[str, ...]:
    tokens = {"*": SOME, "^": ONE}
    return tuple(tokens.get(label, label) for label in spelling.removesuffix("/").split("."))


def _cilium_label(label: str) -> str:
    single = re.sub(r"\*+", "*", label)
    return ONE if single == "*" else single
