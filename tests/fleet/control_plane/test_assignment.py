"""Which site a node gets."""

import pytest

from tierwall.fleet.control_plane.assignment import Assignment, Node, NotServed

ASSIGNMENT = Assignment(by_id={"lab-2": "next"}, sites=frozenset({"customer"}))


def test_a_node_gets_the_site_of_its_label() -> None:
    assert ASSIGNMENT.site_of(Node("lab-1", "customer")) == "customer"


def test_its_id_goes_before_its_label() -> None:
    assert ASSIGNMENT.site_of(Node("lab-2", "customer")) == "next"


@pytest.mark.parametrize(
    ("node", "said"),
    [(Node("lab-3"), "names no site"), (Node("lab-3", "next"), "not served"), (Node("", "x"), "not served")],
)
def test_a_node_that_is_promised_nothing_gets_nothing(node: Node, said: str) -> None:
    with pytest.raises(NotServed, match=said):
        ASSIGNMENT.site_of(node)
