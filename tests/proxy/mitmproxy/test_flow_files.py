"""Files of mitmproxy's flows, written by mitmproxy, read as records."""

import io

from mitmproxy.flow import Flow
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from tierwall.audit.comparing import place
from tierwall.proxy.mitmproxy.flow_files import looks_like_flows, read_flows
from tierwall.records.record import Record, Unread


def written(*flows: Flow) -> bytes:
    file = io.BytesIO()
    writer = FlowWriter(file)
    for flow in flows:
        writer.add(flow)
    return file.getvalue()


def request(host: str, *, status: int = 200, answered: bool = True) -> Flow:
    flow = tflow.tflow(resp=answered, err=not answered)
    flow.request.host, flow.request.port, flow.request.scheme = host, 443, "https"
    if flow.response is not None:
        flow.response.status_code = status
    return flow


def told(octets: bytes) -> list[str]:
    found = []
    for record in read_flows(io.BytesIO(octets)):
        if isinstance(record, Unread):
            found.append(f"unread: {record}")
            continue
        assert isinstance(record, Record)
        attempt = record.statement.attempt
        found.append(f"{record.statement.decision} {place(attempt) if attempt else 'nowhere'} {record.statement.words}")
    return found


def test_each_kind_of_flow_is_a_record() -> None:
    flows = [
        request("8x8.vc"),
        request("api.amplitude.com", answered=False),
        request("lab.vevox.com", status=407),
        tflow.ttcpflow(),
        tflow.tdnsflow(resp=True),
    ]

    assert told(written(*flows)) == [
        "allowed 8x8.vc:443 200",
        "error api.amplitude.com:443 error",
        "auth lab.vevox.com:443 407",
        "allowed address:22 answered",
        "allowed dns.google DNS: rcode 0",
    ]


def test_the_servers_own_refusal_is_not_the_networks() -> None:
    assert told(written(request("8x8.vc", status=403))) == ["allowed 8x8.vc:443 403"]


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = written(request("8x8.vc"), request("lab.vevox.com"))

    first, second = told(whole[:-100])

    assert first == "allowed 8x8.vc:443 200"
    assert second.startswith("unread: the file of flows breaks off")


def test_files_of_flows_are_known_by_their_first_octets() -> None:
    assert looks_like_flows(written(request("8x8.vc")))
    assert not looks_like_flows(b"1764230400.129      0 10.20.0.7 TCP_DENIED/403")
