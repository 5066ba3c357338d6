"""Numbers of several processes added up, and their page."""

from tierwall.events import ClosedBy
from tierwall.metrics.exposition import text
from tierwall.metrics.families import FAMILIES, Sample, family_of
from tierwall.metrics.totals import Totals
from tierwall.proxy.state.counts import Counts

CLOSED = ("tierwall_closed_total", {"closed_by": "client"})
OPEN = "tierwall_tunnels_open"


def test_what_a_process_counted_before_it_died_still_counts_and_what_stood_in_it_does_not() -> None:
    totals = Totals()

    first = totals.add_up({1: [(*CLOSED, 5), (OPEN, {}, 2)], 2: [(*CLOSED, 3), (OPEN, {}, 1)]})
    second = totals.add_up({2: [(*CLOSED, 4), (OPEN, {}, 1)], 3: [(*CLOSED, 1), (OPEN, {}, 0)]})

    assert first == [(*CLOSED, 8), (OPEN, {}, 3)]
    assert second == [(*CLOSED, 10), (OPEN, {}, 1)]


def test_what_every_process_says_of_all_is_true_once() -> None:
    info: Sample = ("tierwall_site_info", {"site": "a"}, 1)

    assert Totals().add_up({1: [info], 2: [info]}) == [info]


def test_a_page_has_help_and_type_once_a_family_and_hostile_labels_stay_labels() -> None:
    page = text([("tierwall_tunnels_open", {}, 2), ("tierwall_closed_total", {"closed_by": 'a"\\\n'}, 1.5)])

    assert page == (
        "# HELP tierwall_tunnels_open Tunnels that stand.\n"
        "# TYPE tierwall_tunnels_open gauge\n"
        "tierwall_tunnels_open 2\n"
        "# HELP tierwall_closed_total Tunnels that ended, by who ended them.\n"
        "# TYPE tierwall_closed_total counter\n"
        r'tierwall_closed_total{closed_by="a\"\\\n"} 1.5' + "\n"
    )


def test_all_that_a_process_counts_is_a_number_that_is_known() -> None:
    counts = Counts()
    counts.dialled(0.003)
    counts.dialled(99)
    counts.closed(ClosedBy.CLIENT, 1, 2)

    samples = list(counts.samples())

    assert {family_of(name) for name, _, _ in samples} <= FAMILIES.keys()
    buckets = [value for name, _, value in samples if name == "tierwall_dial_seconds_bucket"]
    assert (buckets[0], buckets[-2], buckets[-1]) == (1, 1, 2)
