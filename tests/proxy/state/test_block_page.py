"""The page in the place of what was refused: what breaks, what a ticket needs, and nothing that acts in a browser."""

import base64
import hashlib
import re

import pytest

from tests.policy.catalogues import CATALOGUE, connect
from tierwall.policy.attempt import Action, Reason, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.site import Site
from tierwall.proxy.state.block_page import FIELDS, Refused, page, ticket

VERDICT = judge(Site(id="lab"), CATALOGUE, connect("api.amplitude.com"))
REFUSED = Refused(verdict=VERDICT, target="api.amplitude.com:443", site="lab")


def test_the_page_says_what_breaks() -> None:
    text = page(REFUSED).decode()

    assert "<h1>api.amplitude.com:443 is blocked here</h1>" in text
    assert "8x8 analytics (analytics): analytics does not work." in text


def test_the_page_says_once_that_nothing_breaks_and_what_a_ticket_needs() -> None:
    verdict = Verdict(action=Action.DENY, reason=Reason.UNLISTED, detail="no vendor asks for it")
    told = Refused(
        verdict=verdict,
        target="a.example:80",
        site="lab",
        when="2026-11-27 19:20:05 UTC",
        client="10.77.1.2",
        event="ab-1",
    )
    text = page(told).decode()
    line = "2026-11-27 19:20:05 UTC a.example:80 blocked by tierwall site lab: unlisted; breaks nothing documented; "

    assert text.count("none<") == 1
    assert ticket(told) == f"{line}client 10.77.1.2; event ab-1"
    assert ticket(told) in text
    assert "If you need this page, send this line" in text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'<b>"])
def test_the_page_takes_nothing_that_was_said_for_markup(hostile: str) -> None:
    verdict = Verdict(action=Action.DENY, reason=Reason.MALFORMED, detail=hostile)

    text = page(Refused(verdict=verdict, target=hostile, site=hostile)).decode()

    assert hostile not in text
    assert re.findall("<(?:script|img|b)[ >]", text) == ["<script>"]  # its own


def test_braces_that_a_client_said_are_shown_as_they_are() -> None:
    assert (
        "<h1>{0.__class__} is blocked here</h1>"
        in page(Refused(verdict=VERDICT, target="{0.__class__}", site="lab")).decode()
    )


def test_a_browser_may_run_the_one_line_of_its_own_and_nothing_else() -> None:
    [script] = re.findall(r"<script>(.*)</script>", page(REFUSED).decode())

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in FIELDS["Content-Security-Policy"]
    assert "default-src 'none'" in FIELDS["Content-Security-Policy"]


def test_a_device_that_may_not_use_the_proxy_is_not_sent_to_whoever_runs_the_list() -> None:
    verdict = Verdict(action=Action.DENY, reason=Reason.CLIENT_REFUSED)

    text = page(Refused(verdict=verdict, target="a.example:80", site="lab")).decode()

    assert "This device may not use the proxy." in text
