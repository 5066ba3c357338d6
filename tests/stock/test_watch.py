"""A page beside stock mitmproxy: its script has a control socket, as `tierwall run` has."""

from pathlib import Path

from tests.stock.stock import home, stock_mitmproxy
from tests.support.programs import connected, tunnel
from tests.support.watching import until, watched


def test_what_it_refuses_is_on_the_page_and_another_site_is_put_in_force() -> None:
    control = Path(home()["XDG_STATE_HOME"]) / "tierwall" / "control"
    with stock_mitmproxy() as proxy:
        proxy.wait_until(lambda: any(control.glob(f"{proxy.process.pid}.*.sock")))
        with watched("--proxy", str(proxy.process.pid), **home()) as seen:
            until(seen, lambda frame: frame["about"]["connected"])
            with connected(proxy.via) as refused:
                tunnel(refused, "api.amplitude.com:443")
            frame = until(seen, lambda frame: "api.amplitude.com:443" in frame["rows"])
            assert frame["about"]["site"] == "8x8-core-only"
            assert seen.do("tell", {"do": "site", "name": "closed"})[0] == 200
            until(seen, lambda frame: frame["about"]["site"] == "closed")
