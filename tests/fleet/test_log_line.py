"""What Envoy's log says happened: every kind of line that was seen, as what it means."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fleet.lines import line, rule
from tierwall.fleet.log_line import Did, Made, NoLine, attempt_of, made_of, read
from tierwall.policy.attempt import NameSource, Seen

CONNECTED = {"authority": "8x8.vc:443", "protocol": "tls", "sni": "8x8.vc", "upstream": "203.0.113.10:443"}


@pytest.mark.parametrize(
    ("given_line", "made"),
    [
        (line("tunnel", **CONNECTED), Made(Did.PASSED)),
        (
            line("request", method="CONNECT", code=403, reason="unlisted", tier="none", detail="direct_response"),
            Made(Did.DENIED, "unlisted"),
        ),
        (
            line("request", method="GET", code=403, reason="unlisted", detail="via_upstream", upstream="a:80"),
            Made(Did.PASSED),
        ),
        (line("tunnel", protocol="tls", termination=rule("name-mismatch/core")), Made(Did.DENIED, "name-mismatch")),
        (
            line("tunnel", protocol="tls", termination=rule("private-address/none_10.0.0.0/8")),
            Made(Did.DENIED, "private-address", "10.0.0.0"),
        ),
        (
            line("request", method="GET", code=403, detail=rule("private-address/none fc00::/7")),
            Made(Did.DENIED, "private-address", "fc00::"),
        ),
        (
            line("request", method="GET", code=400, flags="DPE", detail="http1.invalid_url"),
            Made(Did.DENIED, "malformed"),
        ),
        (line("request", method="GET", code=404, detail="absolute_path_rejected"), Made(Did.DENIED, "malformed")),
        (line("tunnel", authority="8x8.vc:443", flags="NR"), Made(Did.DENIED, "protocol-closed")),
        (line("tunnel", **CONNECTED, flags="UF,URX"), Made(Did.FAILED)),
        (line("request", method="GET", code=503, flags="UH", detail="no_healthy_upstream"), Made(Did.FAILED)),
        (line("tunnel", authority="8x8.vc:443"), Made(Did.NOTHING)),
        (line("direct", address="203.0.113.10:80", protocol="http", upstream="203.0.113.10:80"), Made(Did.NOTHING)),
    ],
)
def test_what_envoy_made_of_it(given_line: bytes, made: Made) -> None:
    assert made_of(read(given_line)) == made


def test_a_server_cannot_write_a_denial_into_the_log() -> None:
    forged = line(
        "request", method="GET", code=200, reason="unlisted", detail="via_upstream", upstream="203.0.113.10:80"
    )

    assert made_of(read(forged)).did is Did.PASSED


def test_a_tunnel_has_the_connect_host_and_the_server_name() -> None:
    attempt = attempt_of(read(line("tunnel", **CONNECTED)))

    assert [(name.source, name.value) for name in attempt.names] == [
        (NameSource.CONNECT, "8x8.vc"),
        (NameSource.SNI, "8x8.vc"),
    ]
    assert (attempt.port, attempt.seen, attempt.dialled) == (443, Seen.TLS, ip_address("203.0.113.10"))


def test_a_request_inside_has_both_hosts_and_the_port_of_the_tunnel() -> None:
    attempt = attempt_of(read(line("inside", method="GET", asked="8x8.vc:8080", authority="evil.example")))

    assert [str(name.value) for name in attempt.names] == ["8x8.vc", "evil.example"]
    assert (attempt.port, attempt.seen) == (8080, Seen.HTTP)


def test_a_redirected_connection_has_the_address_that_it_went_to() -> None:
    attempt = attempt_of(read(line("direct", address="[2001:db8::1]:443", protocol="tls", sni="8x8.vc")))

    assert (attempt.address, attempt.port, attempt.names[0].source) == (ip_address("2001:db8::1"), 443, NameSource.SNI)


def test_a_plain_request_without_a_port_is_for_80_and_a_connect_is_none() -> None:
    assert attempt_of(read(line("request", method="GET", authority="8x8.vc"))).port == 80
    assert attempt_of(read(line("request", method="CONNECT", authority="8x8.vc"))).malformed is not None


def test_what_dialled_our_own_listener_dialled_nothing() -> None:
    assert (
        attempt_of(read(line("request", method="CONNECT", authority="8x8.vc:443", upstream="envoy://tunnel/"))).dialled
        is None
    )


@given(st.binary(max_size=300))
def test_what_is_no_line_is_said(octets: bytes) -> None:
    with pytest.raises(NoLine):
        read(octets)


@given(
    st.sampled_from(["request", "tunnel", "inside", "direct", "direct-request"]),
    st.dictionaries(
        st.sampled_from(["authority", "asked", "address", "sni", "upstream", "method", "protocol", "termination"]),
        st.text(max_size=40) | st.sampled_from(["[::1]:443", "a:99999", "[", ":", "a..b:1", "1.2.3.4:443"]),
    ),
)
def test_hostile_fields_become_an_attempt_all_the_same(seam: str, fields: dict[str, str]) -> None:
    found = read(line(seam, **fields))

    made_of(found)
    assert attempt_of(found).port >= 0
