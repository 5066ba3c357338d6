"""`tierwall run --learn` ends with a site of what was let through."""

import signal

from tests.support.programs import connect_request, converse
from tests.support.running import allow_private, running_proxy
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread


def test_the_site_of_a_run_lists_what_it_let_through_and_nothing_else() -> None:
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy("--site", "observe", "--learn", *allow_private("crm.acme.example", 443, echo.port)) as proxy,
    ):
        converse(proxy.via, connect_request("crm.acme.example:443"), b"hello", limit_s=1.0)
        proxy.wait_for(lambda event: event.event.action == "would-deny")
        code = proxy.stop(signal.SIGINT)
        said = "".join(proxy.console())

    assert code == 0
    assert "site: learned" in said
    assert "crm.acme.example" in said.partition("site: learned")[2]
    assert "nothing at all was seen of: 8x8," in said
