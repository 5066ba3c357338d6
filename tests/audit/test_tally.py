"""Counting: the window, parts that add up to the whole, memory that lines do not fill."""

from ipaddress import ip_network

from tests.audit.logs import CATALOGUE, squid, tallied
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Tally, Window
from tierwall.records.record import Decision

LINES = [squid("8x8.vc:443", "TCP_TUNNEL/200", at=1764230400 + at, client=f"10.0.{at % 2}.1") for at in range(10)]


def test_only_what_is_in_the_window_counts() -> None:
    interest = Interest(CATALOGUE)

    def counted(window: Window) -> int:
        return sum(count.lines for count in tallied(LINES, interest, window).statements.values())

    assert counted(Window(since=1764230403)) == 7
    assert counted(Window(until=1764230403)) == 3
    assert counted(Window(client=ip_network("10.0.1.0/24"))) == 5
    assert counted(Window(client="10.0.0.1")) == 5


def test_what_the_window_leaves_out_is_counted_as_that() -> None:
    (source,) = tallied(LINES, Interest(CATALOGUE), Window(since=1764230403)).sources.values()

    assert (source.read, source.outside) == (10, 3)


def test_parts_add_up_to_the_whole() -> None:
    whole = [squid(["8x8.vc:443", "x.example:443"][at % 7 % 2], at=1764230400 + at) for at in range(100)]
    interest = Interest(CATALOGUE)
    parts = Tally()
    for start in range(0, 100, 33):
        parts.merge(tallied(whole[start : start + 33], interest))

    assert parts == tallied(whole, interest)


def test_destinations_that_nobody_asks_about_take_no_place() -> None:
    many = [squid(f"host{at}.example:443") for at in range(1000)]

    (found,) = tallied(many, Interest(CATALOGUE)).statements.items()

    assert (found[0].decision, found[0].attempt, found[1].lines) == (Decision.DENIED, None, 1000)


def test_one_odd_line_among_many_is_found_and_the_others_are_read() -> None:
    many = [squid("8x8.vc:443") for _ in range(5000)]
    many[3777] = "odd"

    tally = tallied(many, Interest(CATALOGUE))

    assert [(each.lines, each.line, each.example) for each in tally.unreadable.values()] == [(1, 3778, "odd")]
    assert [(each.read, each.unread) for each in tally.sources.values()] == [(4999, 1)]
