"""What every node runs, from what it was sent and answered."""

from tierwall.fleet.control_plane.assignment import Node
from tierwall.fleet.control_plane.fleet import Change, Fleet, Standing, State

KINDS = frozenset({"rules", "routes"})


class Told:
    """What the fleet tells, by a clock that stands."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.fleet = Fleet(lambda: 0.0, self.changes.append)

    @property
    def states(self) -> list[State]:
        return [change.state for change in self.changes]

    def came(self, *, runs: str | None = None) -> Standing:
        standing = self.fleet.came(Node("lab-1", "customer"))
        if runs is not None:
            self.takes(standing, runs)
        return standing

    def takes(self, standing: Standing, version: str) -> None:
        self.fleet.sends(standing, "customer", version)
        for kind in sorted(KINDS):
            self.fleet.took(standing, kind, version, KINDS)


def test_a_node_is_current_when_it_took_every_type_of_list() -> None:
    told = Told()
    standing = told.came()
    told.fleet.sends(standing, "customer", "v1")

    told.fleet.took(standing, "rules", "v1", KINDS)
    half = standing.state
    told.fleet.took(standing, "routes", "v1", KINDS)

    assert (half, standing.state, standing.runs) == (State.CONNECTED, State.CURRENT, "v1")


def test_what_it_refuses_leaves_the_last_good() -> None:
    told = Told()
    standing = told.came(runs="v1")
    told.fleet.sends(standing, "customer", "v2")

    told.fleet.refused(standing, "v2", "no such filter")

    assert (standing.state, standing.runs) == (State.REFUSED, "v1")
    assert "goes on with v1" in standing.detail


def test_a_refused_version_is_over_when_the_next_is_taken() -> None:
    told = Told()
    standing = told.came(runs="v1")
    told.fleet.sends(standing, "customer", "v2")
    told.fleet.refused(standing, "v2", "no")

    told.takes(standing, "v3")

    assert told.states == [State.CURRENT, State.REFUSED, State.CURRENT]


def test_a_node_whose_stream_ended_is_gone_and_comes_back() -> None:
    told = Told()
    standing = told.came(runs="v1")

    told.fleet.left(standing)
    gone = standing.state
    told.came(runs="v1")

    assert (gone, standing.state, standing.runs) == (State.GONE, State.CURRENT, "v1")


def test_an_old_stream_that_ends_after_the_new_began_takes_nothing_away() -> None:
    told = Told()
    standing = told.came(runs="v1")
    told.came(runs="v1")

    told.fleet.left(standing)

    assert standing.state is State.CURRENT


def test_the_same_is_told_once() -> None:
    told = Told()
    standing = told.came(runs="v1")

    for _ in range(3):
        told.takes(standing, "v1")
    for _ in range(3):
        told.fleet.unserved(standing, "not served")

    assert told.states == [State.CURRENT, State.UNSERVED]
