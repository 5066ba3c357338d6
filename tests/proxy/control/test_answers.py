"""What is asked through the control socket is answered or refused with what is wrong, and what changed is said."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.endpoints import run
from tests.support.insides import inside
from tierwall.events import Action
from tierwall.proxy.control.answers import NOTE_CHARACTERS, Answers, state
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.state.live import Live


class Asked:
    """A proxy that is asked, and what it says on its console."""

    def __init__(self, within: Inside | None = None) -> None:
        self.inside, self.said = within or inside(), list[str]()
        self._answers = Answers(lambda: self.inside, self.said.append)

    def ask(self, **request: object) -> Any:
        return run(lambda: self._answers.answer(request))


def two() -> Asked:
    """Two sites in one process."""
    return Asked(inside(site="one", others=(inside(site="two"),)))


def test_a_behaviour_that_is_switched_is_in_force_and_said() -> None:
    asked = Asked()

    on = asked.ask(do="switch", name="latency", assignments=["delay=20ms"])
    off = asked.ask(do="switch", name="latency", assignments=None)

    assert [each["behaviour"] for each in on["behaviours"]] == ["latency"]
    assert (off["behaviours"], off["switched"]) == ([], {"latency": "off"})
    assert asked.said == ["behaviour latency is on delay=20ms", "behaviour latency is off"]


def test_taken_back_it_is_as_the_sites_file_says() -> None:
    asked = Asked()
    asked.ask(do="switch", name="latency", assignments=["delay=20ms"])

    assert asked.ask(do="take-back")["said"] == {}
    assert asked.inside.overrides.behaviours == ()


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "switch", "name": "latency", "assignments": ["delay=soon"]},
        {"do": "switch", "name": "latency", "assignments": [1]},
        {"do": "switch", "name": "latenzy", "assignments": []},
        {"do": "site", "name": "/nonexistent.yaml"},
        {"do": "explain", "target": "gopher://8x8.vc"},
        {"do": "mark", "note": "  "},
        {"do": "dance"},
        {},
    ],
)
def test_what_makes_no_sense_is_a_fault_and_changes_nothing(request_: dict[str, object]) -> None:
    asked = Asked()
    before = state(asked.inside)

    assert asked.ask(**request_)["faults"]
    assert (state(asked.inside), asked.said) == (before, [])


def test_a_request_that_is_no_object_is_not_understood() -> None:
    asked = Asked()

    assert run(lambda: asked._answers.answer(["list"])) == {"faults": ["this proxy does not understand that"]}


def test_of_several_sites_what_changes_one_has_to_name_it() -> None:
    asked = two()

    assert asked.ask(do="take-back") == {"faults": ["several sites are served: say which with --site (one, two)"]}
    assert asked.ask(do="take-back", site="three") == {"faults": ["three: no such site is served here; one, two"]}
    assert asked.ask(do="switch", name="latency", assignments=["delay=1s"], site="two")["site"] == "two"
    assert asked.inside.overrides.behaviours == ()
    assert asked.said == ["site two: behaviour latency is on delay=1s"]


@pytest.mark.parametrize("of", [{}, {"site": "two"}])
def test_an_explanation_is_the_verdict_of_the_site_that_was_named_or_of_the_first(of: dict[str, str]) -> None:
    explained = two().ask(do="explain", target="tcp://8x8.vc:443", **of)["explained"]

    assert (explained["verdict"], explained["site"]) == ("deny", of.get("site", "one"))


def test_of_one_site_what_an_event_of_the_one_before_asks_is_explained_by_it() -> None:
    assert Asked().ask(do="explain", target="tcp://8x8.vc:443", site="of yesterday")["explained"]["site"] == "lab"


def test_a_mark_is_journalled_cut_and_not_said() -> None:
    live = Live()
    watcher = live.join()
    asked = Asked(inside(live))

    asked.ask(do="mark", note=" x" * NOTE_CHARACTERS)

    [event] = watcher.take()
    assert event.action is Action.MARKED
    assert len(str(event.message)) == NOTE_CHARACTERS
    assert asked.said == []


def test_where_it_listens_is_somewhere_to_go_to() -> None:
    within = inside()
    within.destinations.listen([("0.0.0.0", 8080), ("::", 8081), ("192.0.2.1", 8082)])

    assert state(within)["listening"] == ["127.0.0.1:8080", "192.0.2.1:8082", "[::1]:8081"]


def test_what_a_process_counts_is_told() -> None:
    within = replace(inside(), samples=lambda: [("tierwall_tunnels_open", {}, 3)])

    assert Asked(within).ask(do="metrics") == {"metrics": [("tierwall_tunnels_open", {}, 3)]}
