"""A lookup among shapes finds what covers a name, and costs the same among few and among many."""

import timeit
from collections.abc import Iterable

import pytest

from tierwall.policy.dialect import ANY, ONE, SOME, Shape
from tierwall.policy.match.shapes import ShapeIndex


def index_of(shapes: Iterable[Shape]) -> ShapeIndex[None]:
    index: ShapeIndex[None] = ShapeIndex()
    for shape in shapes:
        index.add(shape, None)
    return index


def found(labels: tuple[str, ...], name: str) -> bool:
    return bool(list(index_of([Shape("spelled", labels)]).find(name)))


@pytest.mark.parametrize(
    ("labels", "name", "expected"),
    [
        pytest.param(("a", "b"), "a.b", True, id="labels as they are"),
        pytest.param(("a", "b"), "c.a.b", False, id="a label too many"),
        pytest.param(("a", "b"), "b", False, id="a label too few"),
        pytest.param((ONE, "b"), "a.b", True, id="one label"),
        pytest.param((ONE, "b"), "b", False, id="one label is not none"),
        pytest.param((SOME, "b"), "c.a.b", True, id="some labels"),
        pytest.param((SOME, "b"), "b", False, id="some labels are not none"),
        pytest.param((ANY, "b"), "b", True, id="any number of labels is none too"),
        pytest.param((ANY, "b"), "c.a.b", True, id="any number of labels is many too"),
        pytest.param(("a", SOME, "b"), "a.a.a.b.b", True, id="labels in the middle"),
        pytest.param(("a", SOME), "a.b.c", True, id="an open end"),
        pytest.param((ANY, "*x", "b"), "a.evilx.b", True, id="a glued suffix"),
        pytest.param(("*x", "b"), "x.b", True, id="a glued suffix with nothing before it"),
        pytest.param(("x*y", "b"), "xy.b", True, id="nothing between"),
        pytest.param(("xy*y", "b"), "xy.b", False, id="both ends do not share a character"),
        pytest.param(("x*m*y", "b"), "x-m-y.b", True, id="two wildcards in a label"),
        pytest.param(("x*m*y", "b"), "x-n-y.b", False, id="and what is between them"),
        pytest.param((SOME,), "a.b.c", True, id="everything"),
    ],
)
def test_a_shape_covers_or_not(labels: tuple[str, ...], name: str, expected: bool) -> None:
    assert found(labels, name) is expected


def test_every_shape_that_covers_a_name_is_found_once() -> None:
    shapes = [("x*", "b"), ("*y", "b"), (ONE, "b"), (SOME, "b"), (ANY, "b"), (SOME,), ("xy", SOME), (ONE, "b")]
    index = index_of(Shape(".".join(labels), labels) for labels in shapes)

    assert sorted(spelling for spelling, _ in index.find("xy.b")) == sorted({".".join(labels) for labels in shapes})


def _many(count: int) -> Iterable[Shape]:
    for at in range(count // 4):
        yield Shape("glued", (ANY, f"*host{at}", "example"))
        yield Shape("open", (f"host{at}", "example", SOME))
        yield Shape("middle", ("mail", SOME, f"host{at}", "example"))
        yield Shape("both", (f"a{at}*z", "example"))


@pytest.mark.parametrize("name", ["a.evilhost3.example", "host3.example.evil.com", "mail.b.host3.example", "no.thing"])
def test_a_lookup_costs_the_same_among_twenty_and_among_many(name: str) -> None:
    few, many = index_of(_many(20)), index_of(_many(40_000))

    def cost(index: ShapeIndex[None]) -> float:
        return min(timeit.repeat(lambda: list(index.find(name)), number=200, repeat=9))

    assert cost(many) < 5 * cost(few)
    assert len(list(few.find(name))) == len(list(many.find(name)))


def test_a_name_of_127_labels_among_open_ends_and_runs_is_looked_up_in_no_time() -> None:
    index = index_of(Shape("deep", tuple([SOME, "a"] * depth + [SOME])) for depth in range(1, 9))
    name = ".".join("a" * 127)

    assert min(timeit.repeat(lambda: list(index.find(name)), number=1, repeat=3)) < 0.05
