"""What is handed over to mitmproxy is a flow there, with the verdict in its comment and marker."""

from pathlib import Path

from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from tests.stock.conftest import SITE, Behind
from tests.stock.stock import stock_mitmproxy
from tests.support.programs import connected, read_response


def test_flows_say_what_was_decided_of_them(behind: Behind, site: Path, tmp_path: Path) -> None:
    admitted, denied = _flows_of(behind, site, tmp_path / "flows")

    assert (admitted.comment, admitted.marked) == ("tierwall: allow, tier none", "")
    assert (denied.comment, denied.marked) == (
        "tierwall: deny, port-closed, tier none",
        ":no_entry:",
    )


def test_where_the_site_observes_flows_say_what_it_would_have_denied(behind: Behind, tmp_path: Path) -> None:
    observing = tmp_path / "site.yaml"
    observing.write_text(f"{SITE}enforce: false\n", encoding="utf-8")
    _, observed = _flows_of(behind, observing, tmp_path / "flows", leads_to="8x8.vc:80")

    assert (observed.comment, observed.marked) == (
        "tierwall: allow, would deny: port-closed, tier none",
        ":warning:",
    )
    assert observed.response is not None
    assert observed.response.status_code == 301


def _flows_of(behind: Behind, site: Path, file: Path, leads_to: str | None = None) -> list[HTTPFlow]:
    """The flows of two requests on one connection, the second for a port that SITE does not open."""
    more = (f"{leads_to}:127.0.0.1:{behind.port_80.port}",) if leads_to else ()
    with stock_mitmproxy("-w", file, site=site, resolve=(*behind.resolve(), *more)) as proxy:
        with connected(proxy.via) as client:
            for host in ("page.corp.example", "8x8.vc"):
                client.sendall(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                read_response(client)
        proxy.stop()
    with file.open("rb") as stream:
        return [flow for flow in FlowReader(stream).stream() if isinstance(flow, HTTPFlow)]
