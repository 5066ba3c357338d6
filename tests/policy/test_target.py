"""What people write as TARGET becomes the attempt that a client there would make, or a sentence that teaches."""

from ipaddress import ip_address

import pytest

from tierwall.policy.attempt import GivenName, NameSource, Seen
from tierwall.policy.model import Transport
from tierwall.policy.target import InvalidTarget, attempt_for

RELAY = ip_address("168.138.110.244")

CONNECT, SNI, HOST = NameSource.CONNECT, NameSource.SNI, NameSource.HOST


@pytest.mark.parametrize(
    ("target", "transport", "port", "seen", "sources"),
    [
        ("https://8x8.vc", Transport.TCP, 443, Seen.TLS, [CONNECT, SNI]),
        ("https://8x8.vc:8443/room?jwt=x#y", Transport.TCP, 8443, Seen.TLS, [CONNECT, SNI]),
        ("HTTPS://user:secret@8X8.VC./", Transport.TCP, 443, Seen.TLS, [CONNECT, SNI]),
        ("wss://8x8.vc/xmpp-websocket", Transport.TCP, 443, Seen.TLS, [CONNECT, SNI]),
        ("tls://8x8.vc:5349", Transport.TCP, 5349, Seen.TLS, [CONNECT, SNI]),
        ("http://8x8.vc", Transport.TCP, 80, Seen.HTTP, [HOST]),
        ("ws://8x8.vc:", Transport.TCP, 80, Seen.HTTP, [HOST]),
        ("tcp://8x8.vc:22", Transport.TCP, 22, None, [CONNECT]),
        ("8x8.vc:443", Transport.TCP, 443, None, [CONNECT]),
        (" 8x8.vc:443\n", Transport.TCP, 443, None, [CONNECT]),
        ("udp://8x8.vc:3478", Transport.UDP, 3478, None, [CONNECT]),
        ("quic://8x8.vc", Transport.UDP, 443, Seen.QUIC, [SNI]),
        ("quic://8x8.vc:8443", Transport.UDP, 8443, Seen.QUIC, [SNI]),
    ],
)
def test_a_scheme_says_what_the_client_shows(
    target: str, transport: Transport, port: int, seen: Seen | None, sources: list[NameSource]
) -> None:
    attempt = attempt_for(target)

    assert (attempt.transport, attempt.port, attempt.seen) == (transport, port, seen)
    assert attempt.names == tuple(GivenName(source, "8x8.vc") for source in sources)
    assert attempt.address is None


@pytest.mark.parametrize("target", ["https://168.138.110.244", "tcp://168.138.110.244:443", "168.138.110.244:443"])
def test_a_literal_address_is_given_in_the_connect_and_never_as_server_name(target: str) -> None:
    attempt = attempt_for(target)

    assert (attempt.address, attempt.names) == (RELAY, (GivenName(CONNECT, RELAY),))


@pytest.mark.parametrize("target", ["udp://168.138.110.244:50000", "quic://168.138.110.244"])
def test_udp_to_an_address_gives_no_name_at_all(target: str) -> None:
    attempt = attempt_for(target)

    assert (attempt.address, attempt.names) == (RELAY, ())


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("https://[2603:c022::1]/", "2603:c022::1"),
        ("[2603:c022::1]:443", "2603:c022::1"),
        ("https://[::ffff:168.138.110.244]", "168.138.110.244"),
        ("https://0xa88a6ef4", "168.138.110.244"),
    ],
)
def test_addresses_are_understood_in_every_spelling(target: str, address: str) -> None:
    assert attempt_for(target).address == ip_address(address)


def test_a_backslash_ends_the_host_as_in_browsers() -> None:
    assert attempt_for("https://evil8x8.com\\@8x8.vc").names[0].value == "evil8x8.com"


def test_another_server_name_replaces_that_of_the_url() -> None:
    names = attempt_for("https://8x8.vc", sni="evil8x8.com").names

    assert names == (GivenName(CONNECT, "8x8.vc"), GivenName(SNI, "evil8x8.com"))


def test_another_host_header_is_one_name_more() -> None:
    names = attempt_for("https://8x8.vc", host="evil8x8.com").names

    assert names == (GivenName(CONNECT, "8x8.vc"), GivenName(SNI, "8x8.vc"), GivenName(HOST, "evil8x8.com"))


def test_an_address_with_a_server_name_is_what_a_transparent_gateway_sees() -> None:
    attempt = attempt_for("168.138.110.244:443", sni="8x8.vc")

    assert (attempt.address, attempt.names, attempt.seen) == (RELAY, (GivenName(SNI, "8x8.vc"),), Seen.TLS)


def test_a_server_name_over_udp_is_quic() -> None:
    attempt = attempt_for("udp://168.138.110.244:443", sni="8x8.vc")

    assert (attempt.names, attempt.seen) == ((GivenName(SNI, "8x8.vc"),), Seen.QUIC)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("8x8.vc", "`8x8.vc` has neither scheme nor port: write `https://8x8.vc` or `8x8.vc:443`"),
        ("8x8.vc/room", "`8x8.vc/room` has a path and no scheme: write `https://8x8.vc/room`"),
        ("2001:db8::1", "`2001:db8::1` is an address without a port: write `[2001:db8::1]:443`"),
        ("udp:8x8.vc:3478", "`udp:8x8.vc:3478`: two slashes follow a scheme: write `udp://8x8.vc:3478`"),
        ("tls://8x8.vc", "`tls://8x8.vc` needs a port: write `tls://8x8.vc:443`, say"),
        (
            "ftp://8x8.vc",
            "`ftp://8x8.vc`: unknown scheme `ftp` (known: https, wss, tls, http, ws, tcp, udp, quic)",
        ),
        ("8x8.vc:0", "`8x8.vc:0`: the port is a number from 1 to 65535, not `0`"),
        ("8x8.vc:65536", "`8x8.vc:65536`: the port is a number from 1 to 65535, not `65536`"),
        ("8x8.vc:٣", "`8x8.vc:٣`: the port is a number from 1 to 65535, not `٣`"),
        ("https://8x8.vc:https/", "`https://8x8.vc:https/`: the port is a number from 1 to 65535, not `https`"),
        ("https://*.8x8.vc", "`https://*.8x8.vc` is a pattern: ask about one host that it covers"),
        ("https://", "`https://` names no host: it is empty"),
        ("", "`` names no host: it is empty"),
        ("https://a..b", "`https://a..b` names no host: it has an empty label"),
        ("[::1]x:1", "`[::1]x:1` names no host: it is no IPv6 address"),
        ("https://\x1b[31m", "`https://\\x1b[31m` names no host: a host cannot hold '\\x1b'"),
        ("https://a b?jwt=secret", "`https://a b` names no host: a host cannot hold ' '"),
    ],
)
def test_what_names_no_destination_is_answered_with_what_to_write(target: str, message: str) -> None:
    with pytest.raises(InvalidTarget) as caught:
        attempt_for(target)

    assert str(caught.value) == message


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidTarget) as caught:
        attempt_for("8x8.vc:x", sni="192.0.2.1", host="a/b")

    assert str(caught.value).splitlines() == [
        "`8x8.vc:x`: the port is a number from 1 to 65535, not `x`",
        "--sni `192.0.2.1`: a server name is never an address (RFC 6066, section 3)",
        "--host `a/b` is no host: a host cannot hold '/'",
    ]
