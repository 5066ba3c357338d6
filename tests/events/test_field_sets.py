"""Of an attempt an event says where to, by the name that decided, and when, in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address

from tests.events.material import ALLOWED, ATTEMPT, NOW, as_json, context
from tierwall import events
from tierwall.events import Stage
from tierwall.events.field_sets import of_attempt, source, timestamp
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Reason, Seen, Verdict
from tierwall.policy.model import Transport


def test_an_address_is_no_domain_and_what_was_dialled_is_the_destination() -> None:
    literal = Attempt(
        transport=Transport.UDP, port=3478, names=(GivenName(NameSource.SOCKS, IPv4Address("192.0.2.1")),)
    )
    resolved = Attempt(
        transport=Transport.TCP,
        port=443,
        names=(GivenName(NameSource.CONNECT, "8x8.vc"),),
        dialled=IPv4Address("192.0.2.2"),
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.ADDRESS_ONLY, name="192.0.2.1", name_source=NameSource.SOCKS)

    assert as_json(events.from_verdict(verdict, literal, context()))["destination"] == {"ip": "192.0.2.1", "port": 3478}
    assert as_json(events.from_verdict(ALLOWED, resolved, context()))["destination"] == {
        "domain": "8x8.vc",
        "ip": "192.0.2.2",
        "port": 443,
    }


def test_the_destination_is_the_name_that_decided() -> None:
    fronted = Attempt(
        transport=Transport.TCP,
        port=443,
        names=(GivenName(NameSource.CONNECT, "8x8.vc"), GivenName(NameSource.SNI, "evil.example")),
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.NAME_MISMATCH, name="evil.example", name_source=NameSource.SNI)

    assert as_json(events.from_verdict(verdict, fronted, context()))["destination"]["domain"] == "evil.example"


def test_times_are_written_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    event = events.fault("x", Stage.CONFIG, when=elsewhere, id="1")

    assert event.timestamp == "2026-11-21T02:03:04.567Z"
    assert event.when == NOW.replace(microsecond=567000)


def test_nanoseconds_are_written_as_the_same_instant() -> None:
    now_ns = 1_795_226_584_567_890_123
    for ns in (0, 999_999, 1_000_000, now_ns, now_ns // 10**9 * 10**9 + 999_999_999):
        at = datetime.fromtimestamp(ns // 10**9, UTC) + timedelta(microseconds=ns // 1000 % 10**6)
        assert timestamp(ns) == timestamp(at)


def test_who_is_not_known_is_no_source() -> None:
    assert source(None, None, 5) is None
    assert source("10.77.1.2", 55312, 5) == events.Source(ip="10.77.1.2", port=55312, bytes=5)


def test_what_is_not_recognised_has_a_transport_and_no_protocol() -> None:
    quic = Attempt(transport=Transport.UDP, port=443, seen=Seen.QUIC)
    opaque = Attempt(transport=Transport.TCP, port=443, seen=Seen.OPAQUE)

    assert of_attempt(quic, None).network == events.Network(transport="udp", protocol="quic")
    assert of_attempt(opaque, None).network.protocol is None


def test_the_server_name_is_the_clienthellos_alone() -> None:
    without = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.CONNECT, "8x8.vc"),))

    assert of_attempt(without, None).tls is None
    assert of_attempt(ATTEMPT, None).tls == events.Tls(client=events.TlsClient(server_name="api.amplitude.com"))


def test_a_name_without_end_is_cut() -> None:
    long = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.CONNECT, "a" * 1000),))

    assert str(of_attempt(long, None).destination.domain).endswith("…[cut]")


def test_what_one_tunnel_received_is_not_said_of_the_next() -> None:
    one = events.closed(ALLOWED, ATTEMPT, context(), by=events.ClosedBy.CLIENT, sent=1, received=2, duration=3)
    next_one = events.from_verdict(ALLOWED, ATTEMPT, context())

    assert one.destination is not None
    assert next_one.destination is not None
    assert (one.destination.bytes, next_one.destination.bytes) == (2, None)
