"""`--speak envoy`: Envoy's external authorization, as HTTP filter and as network filter, over gRPC.

Source: Envoy's API, envoy.service.auth.v3.Authorization. An HTTP filter asks with a request's host; a network filter
with the server name and the address that the connection went to. An error of ours is a denial.
"""

from dataclasses import replace
from typing import Final

import grpc
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2

from tierwall.decide.judging import Judged, Judging
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport
from tierwall.policy.site import ConnectRefusal

SERVICE: Final = "envoy.service.auth.v3.Authorization"

_OK, _DENIED = 0, 7
"""google.rpc.Code: OK, PERMISSION_DENIED."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "": 80}


class ExternalAuthorization:
    """The service."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def handler(self) -> grpc.GenericRpcHandler:
        """For a gRPC server. Answers are kept as octets."""
        check = grpc.unary_unary_rpc_method_handler(
            self._check, request_deserializer=external_auth_pb2.CheckRequest.FromString, response_serializer=bytes
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Check": check})

    async def _check(self, request: external_auth_pb2.CheckRequest, _: grpc.aio.ServicerContext) -> bytes:
        return self.answer(request.attributes)

    def answer(self, asked: attribute_context_pb2.AttributeContext) -> bytes:
        """A CheckResponse."""
        self._judging.refresh()
        try:
            attempt = self._with_client(_attempt(asked), asked)
            key = repr(attempt).encode()
            return self._judging.recall(key) or self._judging.keep(key, _said(self._judging.judge(attempt), attempt))
        except Exception as failure:  # noqa: BLE001 - an error of ours denies
            return _refused(403, "error", "none", f"error of tierwall: {failure!r}")

    def _with_client(self, attempt: Attempt, asked: attribute_context_pb2.AttributeContext) -> Attempt:
        """Who may use Envoy is Envoy's own to say, unless the site names its clients."""
        if self._judging.site.clients is None:
            return attempt
        address = _address(asked.source.address.socket_address.address)
        return (
            replace(attempt, malformed="the client has no address")
            if address is None
            else replace(attempt, client=address)
        )


def _attempt(asked: attribute_context_pb2.AttributeContext) -> Attempt:
    try:
        return _of_request(asked) if asked.request.HasField("http") else _of_connection(asked)
    except InvalidHost as fault:
        return Attempt(transport=Transport.TCP, port=0, malformed=str(fault))


def _of_request(asked: attribute_context_pb2.AttributeContext) -> Attempt:
    http = asked.request.http
    tunnel = http.method == "CONNECT"
    host, port = _split(http.host, None if tunnel else _DEFAULT_PORTS.get(http.scheme))
    value = normalise(host)
    return Attempt(
        transport=Transport.TCP,
        port=port,
        names=(GivenName(NameSource.CONNECT if tunnel else NameSource.HOST, value),),
        address=None if isinstance(value, str) else value,
        seen=None if tunnel else Seen.HTTP,
    )


def _of_connection(asked: attribute_context_pb2.AttributeContext) -> Attempt:
    """A connection that was redirected to Envoy; without a server name, it is judged by where it went."""
    to = asked.destination.address.socket_address
    sni = asked.tls_session.sni
    address = _address(to.address)
    if address is None or not 0 < to.port_value < 65536:
        raise InvalidHost("the connection went to no address")
    return Attempt(
        transport=Transport.TCP,
        port=to.port_value,
        names=(GivenName(NameSource.SNI, normalise(sni)),) if sni else (),
        address=address,
        seen=Seen.TLS if sni else None,
    )


def _split(authority: str, otherwise: int | None) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    if not port and otherwise is not None:
        return host, otherwise
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise InvalidHost("the request names no port from 1 to 65535")
    return host, int(port)


def _address(text: str) -> Address | None:
    try:
        value = normalise(text)
    except InvalidHost:
        return None
    return None if isinstance(value, str) else value


# Answers


def _said(judged: Judged, attempt: Attempt) -> bytes:
    verdict = judged.verdict
    if verdict.passes:
        answer = external_auth_pb2.CheckResponse()
        answer.status.code = _OK
        answer.ok_response.SetInParent()
        _tell(answer, f"would-deny:{verdict.reason}" if verdict.would_deny else "allowed", verdict.tier)
        return bytes(answer.SerializeToString())
    tunnel = bool(attempt.names) and attempt.names[0].source is NameSource.CONNECT
    status = 502 if tunnel and judged.site.refuse.connect is ConnectRefusal.BAD_GATEWAY else 403
    leading = next(iter(verdict.breaks), None)
    breaks = f" Breaks {leading.vendor} {leading.service} ({leading.tier}): {leading.symptom}" if leading else ""
    return _refused(status, str(verdict.reason), verdict.tier, f"{verdict.reason}: {verdict.detail or ''}.{breaks}")


def _refused(status: int, reason: str, tier: str, body: str) -> bytes:
    answer = external_auth_pb2.CheckResponse()
    answer.status.code = _DENIED
    answer.denied_response.status.code = status
    answer.denied_response.body = f"{body}\n"
    for key, value in (("x-tierwall-reason", reason), ("x-tierwall-tier", tier)):
        header = answer.denied_response.headers.add().header
        header.key, header.value = key, value
    _tell(answer, reason, tier)
    return bytes(answer.SerializeToString())


def _tell(answer: external_auth_pb2.CheckResponse, reason: str, tier: str) -> None:
    """For Envoy's log: `%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%`."""
    answer.dynamic_metadata.update({"reason": reason, "tier": str(tier)})
