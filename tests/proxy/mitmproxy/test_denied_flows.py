"""What was refused before mitmproxy saw it is a flow in its list, and the list stays bounded."""

from mitmproxy.addons.view import View
from mitmproxy.test import taddons

from tests.report.scene import ANALYTICS, denial, scene
from tierwall.policy.attempt import Reason
from tierwall.proxy.mitmproxy import denied_flows
from tierwall.proxy.mitmproxy.denied_flows import DeniedFlows


def test_a_denial_is_a_flow_with_its_error_comment_and_marker() -> None:
    view = View()
    with taddons.context(view):
        DeniedFlows(view).write(denial("api.amplitude.com", Reason.TIER_CLOSED, ANALYTICS))

        [shown] = view
    assert shown.error is not None
    assert shown.error.msg == "tier-closed: Users notice nothing; the vendor's analysis is hampered."
    assert (shown.comment, shown.marked) == (
        "tierwall: deny, tier-closed, tier analytics, 8x8/analytics",
        ":no_entry:",
    )


def test_every_kind_of_event_is_taken() -> None:
    view = View()
    with taddons.context(view):
        sink = DeniedFlows(view)
        for event in scene():
            sink.write(event)

        assert len(view) > 5


def test_the_oldest_goes() -> None:
    view = View()
    with taddons.context(view):
        sink = DeniedFlows(view)
        for number in range(denied_flows.KEPT + 5):
            sink.write(denial(f"{number}.example", Reason.UNLISTED))

        assert [view[0].server_conn.address, len(view)] == [("5.example", 443), denied_flows.KEPT]
