"""URLs of sinks: what they mean, what is wrong with one, and that no password is shown."""

import pytest

from tierwall.sinks.address import InvalidSink, Kind, parse_address


@pytest.mark.parametrize(
    ("kind", "url", "shown"),
    [
        ("otlp", "http://collector", "otlp http://collector:4318/v1/logs"),
        ("otlp", "https://otlp.example/otlp", "otlp https://otlp.example:4318/otlp/v1/logs"),
        ("otlp", "http://[::1]:9/v1/logs", "otlp http://[::1]:9/v1/logs"),
        ("elasticsearch", "https://u:geheim@search", "elasticsearch https://search:9200"),
        ("clickhouse", "http://ch/?database=lab", "clickhouse http://ch:8123/"),
        ("syslog", "tls://siem", "syslog tls://siem:6514"),
        ("kafka", "kafka://a/topic", "kafka kafka://a:9092/topic"),
        ("nats", "nats://geheim@a", "nats nats://a:4222/tierwall.events"),
        ("webhook", "https://chat.example/hooks/geheim", "webhook https://chat.example:443/…"),
    ],
)
def test_a_url_is_read_and_shown_without_its_secrets(kind: str, url: str, shown: str) -> None:
    assert parse_address(Kind(kind), url).shown == shown


@pytest.mark.parametrize(
    ("kind", "url", "wrong"),
    [
        ("otlp", "collector:4318", "this begins with 'collector'"),
        ("otlp", "http://", "this names no host"),
        ("otlp", "http://a:70000", "Port out of range"),
        ("otlp", "http://a:x", "Port could not be cast"),
        ("syslog", "udp://siem", "this begins with 'udp'"),
        ("kafka", "http://broker", "this begins with 'http'"),
        ("webhook", "https://a/#b", "a # is written %23"),
        ("nats", "", "this begins with ''"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_apart_with_an_example(kind: str, url: str, wrong: str) -> None:
    with pytest.raises(InvalidSink) as caught:
        parse_address(Kind(kind), url)

    assert str(caught.value).startswith(f"--{kind}: expected ")
    assert wrong in str(caught.value)
