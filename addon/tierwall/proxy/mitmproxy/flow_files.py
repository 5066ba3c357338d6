"""mitmproxy's own files of flows (`.mitm`, `mitmdump -w`) -> records, by mitmproxy's own reader.

Knows mitmproxy's flows, and nothing of a running proxy. Nobody refuses anything in them: what was answered is
allowed, what was not is an error, and a 407 asks for a login.
"""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from mitmproxy import dns, exceptions, flow, http, tcp, udp
from mitmproxy.io import FlowReader

from tierwall.policy.model import Transport
from tierwall.records.destination import first_of, of_address, of_host, of_name, of_question
from tierwall.records.record import Decision, Record, Statement, Unread

_LOOKS = re.compile(
    rb"\d{1,9}:\d{1,9}:(?:version|type|id|error|client_conn|server_conn|request|response|websocket|backup)"
)


def looks_like_flows(head: bytes) -> bool:
    """A tnetstring of a dictionary with a flow's keys."""
    return _LOOKS.match(head) is not None


def read_flows(stream: BinaryIO) -> Iterator[Record | Unread]:
    """A record for each flow."""
    try:
        for each in FlowReader(cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream)))).stream():
            yield _record(each)
    except (exceptions.FlowReadException, ValueError, TypeError, KeyError) as cause:
        yield Unread(f"the file of flows breaks off: {type(cause).__name__}")


def _record(each: flow.Flow) -> Record | Unread:
    match each:
        case http.HTTPFlow():
            statement = _http(each)
        case tcp.TCPFlow() | udp.UDPFlow():
            statement = _stream(each)
        case dns.DNSFlow():
            statement = _dns(each)
        case _:
            return Unread("is a flow of another kind")
    client = cast("tuple[str, int] | None", each.client_conn.peername)  # a file may hold anything
    return Record(statement, each.timestamp_created, client[0] if client else None)


def _http(each: http.HTTPFlow) -> Statement:
    request, response = each.request, each.response
    if response is None:
        said, words = Decision.ERROR, str(each.error) if each.error else "no answer"
    elif response.status_code == 407:
        said, words = Decision.AUTH, "407"
    else:
        said, words = Decision.ALLOWED, str(response.status_code)
    attempt = of_host(request.pretty_host, request.port, scheme=request.scheme or "tunnel")
    return Statement(decision=said, attempt=attempt, method=request.method, words=words[:200])


def _stream(each: tcp.TCPFlow | udp.UDPFlow) -> Statement:
    transport = Transport.TCP if isinstance(each, tcp.TCPFlow) else Transport.UDP
    answered = any(not message.from_client for message in each.messages)
    host, port = (each.server_conn.address or ("", 0))[:2]
    name = each.client_conn.sni or each.server_conn.sni
    attempt = first_of(
        of_name(name, port, transport) if name else None,
        of_address(host, port, transport),
        of_host(host, port, transport=transport),
    )
    said = Decision.ALLOWED if answered else Decision.ERROR
    return Statement(
        decision=said, attempt=attempt, words=str(each.error) if each.error else "answered" if answered else "no answer"
    )


def _dns(each: dns.DNSFlow) -> Statement:
    name = each.request.questions[0].name if each.request.questions else ""
    if each.response is None:
        return Statement(decision=Decision.ERROR, attempt=of_question(name), words="DNS: no answer")
    code = each.response.response_code
    said = {0: Decision.ALLOWED, 5: Decision.DENIED}.get(code, Decision.ERROR)
    return Statement(decision=said, attempt=of_question(name), words=f"DNS: rcode {code}")
