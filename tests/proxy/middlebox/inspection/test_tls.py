"""What acts on a connection whose TLS was opened, before its first request."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import tls
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import NextLayer

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tests.support.layers import context
from tierwall.opening import ClientHello, Malformed, Opaque
from tierwall.policy.behaviour import Behaviour, DpiHttpsOnly, NoHttp2, TlsInspection, TlsMaxVersion, TlsVersion
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.inspection import tls as inspection
from tierwall.proxy.middlebox.inspection.sniff import InsideTls, Rules
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

SITE = Site(id="lab", admit=(listed("a.example"),))
OLD = TlsMaxVersion(version=TlsVersion.TLS_1_2)


class Inspected:
    """One connection to a.example, and what is told of it."""

    def __init__(self, *behaviours: Behaviour, site: Site = SITE, host: str = "a.example") -> None:
        policy, self.told = ActivePolicy(replace(site, behaviours=behaviours), CATALOGUE), Told()
        recorder = Recorder(self.told, policy, everything=True)
        self.inspection = inspection.TlsInspection(policy, Destinations(), recorder, OncePerConnection(recorder))
        self.context: Context = context(address=(host, 443))
        self.context.client.sni = host

    def hello(self, versions: Sequence[int] = (0x0304,), alpn: Sequence[bytes] = (b"h2", b"http/1.1")) -> None:
        """The client says what it would speak."""
        listed = b"".join(version.to_bytes(2) for version in versions)
        extensions = [(43, bytes([len(listed)]) + listed)]
        said: Any = SimpleNamespace(extensions=extensions, alpn_protocols=list(alpn))
        self.inspection.tls_clienthello(tls.ClientHelloData(self.context, said))

    @property
    def details(self) -> list[str | None]:
        """What was told so far."""
        return [event.tierwall.detail for event in self.told.events]


@pytest.mark.parametrize(
    ("behaviour", "part"),
    [(OLD, "the client would speak a newer TLS than 1.2"), (NoHttp2(), "h2 is taken out of ALPN")],
)
def test_what_becomes_of_a_hello_is_noted_once(behaviour: Behaviour, part: str) -> None:
    inspected = Inspected(behaviour)

    inspected.hello()
    inspected.hello()

    [detail] = inspected.details
    assert detail is not None
    assert detail.startswith(part)


def test_a_client_that_would_not_notice_is_not_told_of() -> None:
    inspected = Inspected(OLD, NoHttp2())

    inspected.hello(versions=(0x0303,), alpn=(b"http/1.1",))

    assert inspected.details == []


def test_a_handshake_that_failed_for_the_limit_is_explained_by_it_and_by_nothing_else() -> None:
    inspected = Inspected(OLD)

    assert inspected.inspection.explains(inspected.context, "tlsv1 alert protocol version", "the server")
    assert not inspected.inspection.explains(inspected.context, "certificate verify failed", "the server")
    assert inspected.details == ["the server speaks no TLS as old as 1.2"]
    assert not Inspected().inspection.explains(inspected.context, "tlsv1 alert protocol version", "the server")


def test_what_follows_tls_is_looked_at() -> None:
    inspected = Inspected(TlsInspection())
    next_layer = NextLayer(inspected.context)

    inspected.inspection.next_layer(next_layer)

    assert isinstance(next_layer.layer, InsideTls)


@pytest.mark.parametrize(
    ("behaviours", "host", "rules"),
    [
        ([TlsInspection()], "a.example", Rules(admitted=True, only_https=False)),
        ([DpiHttpsOnly()], "a.example", Rules(admitted=True, only_https=True)),
        ([TlsInspection()], "evil.example", Rules(admitted=False, only_https=False)),
    ],
)
def test_what_holds_inside_is_the_verdicts(behaviours: list[Behaviour], host: str, rules: Rules) -> None:
    inspected = Inspected(*behaviours, host=host)

    assert inspected.inspection.rules(inspected.context) == rules


@pytest.mark.parametrize(
    ("opening", "admits", "reasons"),
    [
        (Opaque(), True, []),
        (Malformed("no request"), False, ["malformed"]),
        (ClientHello(sni="evil.example", alpn=(), versions=(), offers_ech=False, consumed=1), False, ["name-mismatch"]),
        (ClientHello(sni="a.example", alpn=(), versions=(), offers_ech=False, consumed=1), True, []),
    ],
    ids=["neither TLS nor HTTP", "malformed", "TLS for another", "TLS for the same"],
)
def test_what_is_no_http_is_judged_too(
    opening: ClientHello | Opaque | Malformed, admits: bool, reasons: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[object] = []
    monkeypatch.setattr(inspection, "reset_at_the_end", ended.append)  # it asks mitmproxy's master, which is not here
    inspected = Inspected(TlsInspection())

    assert inspected.inspection.admits(inspected.context, opening) is admits
    assert [event.event.reason for event in inspected.told.events] == reasons
    assert ended == ([] if admits else [inspected.context.client])
