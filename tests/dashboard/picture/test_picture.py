"""The picture adds events up: what works, what is refused, what a behaviour broke, and how long that is believed."""

import pytest

from tests.dashboard.picture.lines import NOON, Try, picture
from tierwall.dashboard.picture.matrix import State
from tierwall.dashboard.picture.outcome import Outcome
from tierwall.dashboard.picture.picture import ROWS, Picture
from tierwall.events import Stage, fault, to_line

MEETINGS = Try("https://8x8.vc")
ANALYTICS = Try("https://api.amplitude.com")
SOCKET = Try("wss://acme.vevox.com", site="reference")


def cell(seen: Picture, vendor: str, service: str) -> State | None:
    return seen.matrix.cells[vendor, service].worst


def test_a_service_is_not_seen_before_somebody_tries_it() -> None:
    assert cell(picture(), "8x8", "meetings") is None


def test_what_is_let_through_works_and_what_is_refused_is() -> None:
    seen = picture(MEETINGS.line(), ANALYTICS.line())

    assert cell(seen, "8x8", "meetings") == (Outcome.WORKS, None)
    assert cell(seen, "8x8", "analytics") == (Outcome.REFUSED, None)
    assert seen.counts == [1, 0, 0, 0, 1]


def test_a_destination_is_one_row_with_a_count_that_grows_and_who_tried() -> None:
    seen = picture(*[Try("https://8x8.vc", client=f"10.0.0.{at % 2}", second=at).line() for at in range(5)])

    (row,) = seen.rows.values()
    assert (row.place, row.counts, row.clients) == ("8x8.vc:443", [0, 0, 0, 0, 5], {"10.0.0.0": 3, "10.0.0.1": 2})


def test_the_row_that_was_tried_last_is_the_newest() -> None:
    seen = picture(MEETINGS.line(), ANALYTICS.line(), MEETINGS.line())

    assert [row.place for row in reversed(seen.rows.values())] == ["8x8.vc:443", "api.amplitude.com:443"]


def test_a_service_is_as_bad_as_the_worst_of_its_destinations_and_says_how_many() -> None:
    other = Try("https://meet.8x8.vc", site="closed")
    seen = picture(MEETINGS.line(), other.line())

    meetings = seen.matrix.cells["8x8", "meetings"]
    assert meetings.worst == (Outcome.REFUSED, None)
    assert meetings.counts == {Outcome.WORKS: 1, Outcome.REFUSED: 1}


def test_a_behaviour_breaks_the_services_that_the_event_names_and_the_others_go_on() -> None:
    dashboard = next(each for each in SOCKET.verdict.breaks if each.service == "dashboard")
    seen = picture(SOCKET.line(), SOCKET.broken("no-websocket", dashboard))

    assert cell(seen, "vevox", "dashboard") == (Outcome.BROKEN, "no-websocket")
    assert cell(seen, "vevox", "content") == (Outcome.WORKS, None)


def test_what_a_behaviour_broke_stays_broken_though_the_next_try_is_let_through_at_first() -> None:
    seen = picture(SOCKET.line(), SOCKET.broken("idle-timeout"), SOCKET.line())

    assert cell(seen, "vevox", "dashboard") == (Outcome.BROKEN, "idle-timeout")
    (row,) = seen.rows.values()
    assert (row.outcome, row.behaviour, row.counts[-1]) == (Outcome.BROKEN, "idle-timeout", 2)


def test_until_the_behaviour_acts_no_more() -> None:
    seen = picture(SOCKET.line(), SOCKET.broken("idle-timeout"))
    seen.acts({"reference": frozenset({"idle-timeout"})})
    seen.write(SOCKET.line())
    before = cell(seen, "vevox", "dashboard")
    seen.acts({"reference": frozenset()})
    seen.write(SOCKET.line())

    assert before == (Outcome.BROKEN, "idle-timeout")
    assert cell(seen, "vevox", "dashboard") == (Outcome.WORKS, None)


def test_or_another_site_is_in_force() -> None:
    another = Try("wss://acme.vevox.com", site="reference", called="other")
    seen = picture(SOCKET.broken("idle-timeout"), another.line())

    assert cell(seen, "vevox", "dashboard") == (Outcome.WORKS, None)


@pytest.mark.parametrize("order", [("refused", "works"), ("works", "refused")])
def test_of_refused_and_let_through_the_last_holds(order: tuple[str, str]) -> None:
    lines = {"refused": Try("https://8x8.vc", site="closed").line(), "works": MEETINGS.line()}
    seen = picture(*[lines[word] for word in order])

    assert cell(seen, "8x8", "meetings") == (Outcome(order[1]), None)


def test_the_end_of_a_tunnel_is_no_try_and_adds_its_octets() -> None:
    seen = picture(MEETINGS.line(), MEETINGS.closed(100, 2000), MEETINGS.closed(1, 2))

    (row,) = seen.rows.values()
    assert (row.counts, row.sent, row.received, seen.closed) == ([0, 0, 0, 0, 1], 101, 2002, 2)


def test_what_did_not_answer_is_unreachable() -> None:
    assert cell(picture(MEETINGS.failed()), "8x8", "meetings") == (Outcome.UNREACHABLE, None)


def test_a_vendor_that_is_not_at_hand_is_known_from_its_events() -> None:
    line = ANALYTICS.line().replace(b"api.amplitude.com", b"api.acme.example").replace(b'"8x8"', b'"acme"')

    assert cell(picture(line), "acme", "analytics") == (Outcome.REFUSED, None)


def test_a_fault_of_the_proxys_own_is_a_note() -> None:
    seen = picture(to_line(fault("the disk is full", Stage.JOURNAL, when=NOON, id="1-1")))

    assert [(note.kind, note.text) for note in seen.notes] == [("fault", "the disk is full")]
    assert not seen.rows


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"null", b'{"@timestamp": "now"}', MEETINGS.line()[:-20], b"\xff" * 40],
    ids=["half", "a list", "null", "no time", "torn", "no text"],
)
def test_a_line_that_is_no_event_is_counted(line: bytes) -> None:
    seen = picture(line, MEETINGS.line())

    assert (seen.unreadable, seen.events) == (1, 1)


def test_what_clients_said_is_shown_spelled_out() -> None:
    line = MEETINGS.line().replace(b"8x8.vc", b"<b>\\u001b[31m\\u202e")
    (row,) = picture(line).rows.values()

    assert row.place == r"<b>\x1b[31m\u202e:443"


def test_of_endless_destinations_the_last_are_kept_and_the_others_counted() -> None:
    line = ANALYTICS.line()
    seen = picture(*[line.replace(b"api.amplitude.com", b"h%d.example" % at) for at in range(ROWS + 10)])

    assert (len(seen.rows), seen.left_out, next(iter(seen.rows))[0]) == (ROWS, 10, "h10.example")


def test_cleared_it_is_as_if_nothing_had_been_seen() -> None:
    seen = picture(MEETINGS.line(), ANALYTICS.line())
    seen.clear()

    assert (len(seen.rows), seen.events, cell(seen, "8x8", "meetings")) == (0, 0, None)
    seen.write(MEETINGS.line())
    assert cell(seen, "8x8", "meetings") == (Outcome.WORKS, None)
