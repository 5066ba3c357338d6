"""A real browser through the real proxy: the vendor's page and its WebSocket work, its analytics do not."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.browser.conftest import WebAppOrigin
from tests.support.running import allow_private, needs, running_proxy

START_S = 30.0
ONE_SEGMENT_OCTETS = 1460
ANALYTICS = "api.amplitude.com"

type Browse = Callable[..., AbstractContextManager[None]]


@needs("chromium")
def test_a_page_and_its_websocket_work_while_its_analytics_are_refused(
    web_app: WebAppOrigin, analytics: WebAppOrigin, browse: Browse
) -> None:
    told = {"/told/socket%3A%20hello", "/told/analytics%3A%20failed"}
    sent_here = (
        *allow_private("8x8.vc", 443, web_app.port),
        *allow_private(ANALYTICS, 443, analytics.port),
    )

    with running_proxy("--site", "8x8-core-only", *sent_here) as proxy, browse(proxy, "https://8x8.vc/"):
        assert web_app.reached.until(lambda reached: told <= set(reached.targets), limit_s=START_S), web_app.reached
        event = proxy.whole_of(lambda event: event.destination is not None and event.destination.domain == ANALYTICS)

    assert analytics.reached.connections == 0
    assert min(web_app.hello_octets) > ONE_SEGMENT_OCTETS, "Chromium's ClientHello is post-quantum"
    assert "Chrome/" in event.pop("user_agent")["original"]
    assert event == {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["denied"],
            "action": "denied",
            "reason": "tier-closed",
        },
        "source": {"ip": "127.0.0.1"},
        "destination": {"domain": "api.amplitude.com", "port": 443},
        "network": {"transport": "tcp"},
        "rule": {"name": "api.amplitude.com", "ruleset": "8x8", "category": "analytics"},
        "observer": {"product": "tierwall"},
        "tierwall": {
            "tier": "analytics",
            "site": "8x8-core-only",
            "stage": "connect",
            "name_source": "connect",
            "refusal": "403",
            "breaks": [
                {
                    "vendor": "8x8",
                    "service": "analytics",
                    "tier": "analytics",
                    "rule": "api.amplitude.com",
                    "symptom": "Nothing perceptible to end users; 8x8's analysis of user activity is hampered, and "
                    "with it diagnosing problems and improving the product.",
                }
            ],
            "near": [],
        },
    }
