"""What speaks against a tunnel before anything is decrypted."""

import pytest

from tierwall.opening import ClientHello, Opaque, Opening
from tierwall.policy.behaviour import Basis, DpiHttpsOnly
from tierwall.proxy.middlebox.dpi import against

INSPECT, BY_ALPN = DpiHttpsOnly(), DpiHttpsOnly(basis=Basis.ALPN)


def hello(*alpn: str) -> ClientHello:
    return ClientHello(sni="vevox.app", alpn=alpn, versions=(0x0304,), offers_ech=False, consumed=517)


@pytest.mark.parametrize("opening", [hello(), hello("xmpp-client"), hello("h2")])
def test_a_middlebox_that_inspects_lets_every_handshake_begin(opening: Opening) -> None:
    assert against(INSPECT, opening) is None


@pytest.mark.parametrize("offered", [("h2",), ("http/1.1",), ("spdy/3", "http/1.0")])
def test_by_alpn_who_offers_http_is_let_through(offered: tuple[str, ...]) -> None:
    assert against(BY_ALPN, hello(*offered)) is None


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ((), "the ClientHello offers no protocol"),
        (("xmpp-client",), "the ClientHello offers only xmpp-client"),
        (("a", "b", "c", "d"), "the ClientHello offers only a, b, c and others"),
        (("\x1b[31m",), "the ClientHello offers only \\x1b[31m"),
    ],
)
def test_by_alpn_anybody_else_is_cut_and_told_that_it_is_a_heuristic(offered: tuple[str, ...], said: str) -> None:
    heuristic = "by ALPN alone, a heuristic that also hits HTTPS clients without it"

    assert against(BY_ALPN, hello(*offered)) == f"{said} ({heuristic})"


@pytest.mark.parametrize("behaviour", [INSPECT, BY_ALPN])
@pytest.mark.parametrize("opening", [Opaque(), None])
def test_what_does_not_begin_with_tls_is_cut(behaviour: DpiHttpsOnly, opening: Opening | None) -> None:
    assert against(behaviour, opening) is not None
