"""Envoys that send their access log over gRPC to `fleet ingest --listen`: the same events, the same drift."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from envoy.service.accesslog.v3 import als_pb2

from tests.fleet.proof.lab import Lab, current, lab, made, until
from tests.support.needs import NAMESPACES, needs
from tierwall.fleet.certificates import CONTROL_PLANE
from tierwall.fleet.log_service import SERVICE as NAME

__all__ = ["lab", "made"]
pytestmark = needs(NAMESPACES, "setpriv")
SERVICE = 18002
TO_SERVICE = ("--log-to", f"127.0.0.1:{SERVICE}")


@contextmanager
def listening(lab: Lab, site: Path) -> Iterator[subprocess.Popen[str]]:
    where = ("--listen", f"127.0.0.1:{SERVICE}", "--tls", lab.folder / "tls", "-o", lab.folder / "events.jsonl")
    words = ("-m", "tierwall", "fleet", "ingest", *where, "--site", site, "--events", "all")
    child = lab.made.start(lab.made.gateway, sys.executable, *words, log="ingest.log")
    until(lambda: "listening" in said(lab), said=lambda: said(lab))
    yield child


def said(lab: Lab) -> str:
    return (lab.folder / "ingest.log").read_text()


def events(lab: Lab) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (lab.folder / "events.jsonl").read_text().splitlines()]


def ended(lab: Lab, child: subprocess.Popen[str]) -> int:
    child.send_signal(signal.SIGINT)
    status = child.wait(10)
    lab.made.children.remove(child)
    return status


def test_what_an_envoy_does_becomes_the_same_events_and_nothing_differs(lab: Lab) -> None:
    lab.serve()
    with listening(lab, lab.folder / "lab.yaml") as service, lab.envoy("lab-1", 8080, *TO_SERVICE):
        lab.until(current("lab-1"))
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)
        until(lambda: len(events(lab)) >= 2, said=lambda: said(lab))

        assert ended(lab, service) == 0, said(lab)
    found = {event["destination"]["domain"]: event for event in events(lab)}
    assert {name: event["event"]["action"] for name, event in found.items()} == {
        "a.example": "closed",
        "b.example": "denied",
    }
    assert found["b.example"]["event"]["reason"] == "unlisted"
    assert found["a.example"]["source"]["ip"] == "10.99.0.2"
    assert found["a.example"]["source"]["bytes"] > 100
    assert found["a.example"]["destination"]["bytes"] > 0
    assert not (lab.folder / "lab-1/access.log").read_text()


def test_what_differs_is_drift_and_an_exit_status(lab: Lab) -> None:
    lab.serve()
    other = lab.folder / "other.yaml"
    other.write_text((lab.folder / "lab.yaml").read_text().replace("a.example", "c.example"))
    with listening(lab, other) as service, lab.envoy("lab-1", 8080, *TO_SERVICE):
        lab.until(current("lab-1"))
        assert lab.tries("a.example")
        until(lambda: len(events(lab)) >= 2, said=lambda: said(lab))

        assert ended(lab, service) == 1
    assert [event["event"]["action"] for event in events(lab)] == ["drift", "closed"]


def test_a_service_that_is_away_holds_no_tunnel_up(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080, *TO_SERVICE):
        lab.until(current("lab-1"))
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)
        with listening(lab, lab.folder / "lab.yaml") as service:
            until(lambda: lab.tries("a.example") and events(lab), said=lambda: said(lab))

            assert ended(lab, service) == 0


def test_a_node_with_anothers_certificate_writes_nothing(lab: Lab) -> None:
    with listening(lab, lab.folder / "lab.yaml") as service:
        told = {node: lab.made.gateway.inside(lambda node=node: sent(lab, node)) for node in ("lab-2", "lab-1")}

        assert ended(lab, service) == 2, said(lab)  # a line that none of ours writes, and no other
    assert told == {"lab-2": grpc.StatusCode.PERMISSION_DENIED, "lab-1": grpc.StatusCode.OK}
    assert "1 lines: none of Envoy" in said(lab)


def sent(lab: Lab, node: str) -> grpc.StatusCode:
    """What comes of a line, sent with the certificate of lab-1."""
    tls = lab.folder / "tls"
    pair = ((tls / "lab-1/envoy.key").read_bytes(), (tls / "lab-1/envoy.crt").read_bytes())
    credentials = grpc.ssl_channel_credentials((tls / "ca.crt").read_bytes(), *pair)
    message = als_pb2.StreamAccessLogsMessage()
    message.identifier.node.id = node
    message.tcp_logs.log_entry.add().common_properties.custom_tags["tierwall"] = "nonsense"
    name = (("grpc.ssl_target_name_override", CONTROL_PLANE),)
    with grpc.secure_channel(f"127.0.0.1:{SERVICE}", credentials, name) as channel:
        call = channel.stream_unary(
            f"/{NAME}/StreamAccessLogs",
            request_serializer=als_pb2.StreamAccessLogsMessage.SerializeToString,
            response_deserializer=als_pb2.StreamAccessLogsResponse.FromString,
        )
        try:
            call(iter([message]), timeout=10)
        except grpc.RpcError as refused:
            return refused.code()
        return grpc.StatusCode.OK
