"""What happened in a process, as numbers with few labels: nothing of a client or a host is in them."""

from tests.policy.catalogues import CATALOGUE, connect
from tierwall.events import ClosedBy, Stage
from tierwall.policy.judge import judge
from tierwall.policy.site import Site
from tierwall.proxy.state.counts import Counts

DENIED = judge(Site(id="closed"), CATALOGUE, connect("8x8.vc"))


def _values(counts: Counts, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(labels.values()): value for sample, labels, value in counts.samples() if sample == name}


def test_a_verdict_is_counted_by_site_outcome_reason_and_stage() -> None:
    counts = Counts()
    for _ in range(2):
        counts.judged("closed", "denied", DENIED, Stage.CONNECT)
    counts.judged("closed", "would-deny", DENIED, Stage.CONNECT)

    assert _values(counts, "tierwall_verdicts_total") == {
        ("closed", "denied", str(DENIED.reason), "connect"): 2,
        ("closed", "would-deny", str(DENIED.reason), "connect"): 1,
    }


def test_only_what_did_not_get_through_breaks_services() -> None:
    counts = Counts()
    counts.judged("closed", "would-deny", DENIED, Stage.CONNECT)
    assert _values(counts, "tierwall_breaks_total") == {}

    counts.judged("closed", "denied", DENIED, Stage.CONNECT)
    assert _values(counts, "tierwall_breaks_total") == {("8x8", "meetings", "core"): 1}


def test_the_buckets_of_dials_hold_all_below_them_and_the_last_holds_all() -> None:
    counts = Counts()
    for seconds in (0.005, 0.0051, 3.0, 60.0):
        counts.dialled(seconds)

    buckets = _values(counts, "tierwall_dial_seconds_bucket")
    assert [buckets[(limit,)] for limit in ("0.005", "0.01", "2.5", "5.0", "20.0", "+Inf")] == [1, 2, 2, 3, 3, 4]
    assert _values(counts, "tierwall_dial_seconds_count") == {(): 4}
    assert _values(counts, "tierwall_dial_seconds_sum") == {(): 63.0101}


def test_tunnels_that_ended_are_counted_by_who_ended_them_with_their_octets() -> None:
    counts = Counts()
    counts.closed(ClosedBy.CLIENT, 10, 20)
    counts.closed(ClosedBy.SERVER, 1, 2)

    assert _values(counts, "tierwall_closed_total") == {("client",): 1, ("server",): 1}
    assert _values(counts, "tierwall_tunnel_bytes_total") == {("sent",): 11, ("received",): 22}


def test_what_has_not_happened_yet_is_zero_and_not_missing() -> None:
    counts = Counts()
    assert _values(counts, "tierwall_reloads_total") == {("ok",): 0, ("refused",): 0}

    counts.reloaded(well=True)
    counts.reloaded(well=False)
    counts.fault()
    assert _values(counts, "tierwall_reloads_total") == {("ok",): 1, ("refused",): 1}
    assert _values(counts, "tierwall_faults_total") == {(): 1}


def test_no_label_says_who_it_was_or_where_to() -> None:
    counts = Counts()
    counts.judged("closed", "denied", DENIED, Stage.CONNECT)

    assert all("8x8.vc" not in labels.values() for _, labels, _ in counts.samples())
