"""Aggregated discovery over gRPC: what a node asks for, what it is sent, and what it answers.

Knows the protocol (Envoy documentation, "xDS REST and gRPC protocol", state of the world). What a node should run is
assignment.py's, what it runs is fleet.py's. A version that a node has already is not sent again.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import grpc
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format

from tierwall.fleet.control_plane.assignment import Assignment, Node, NotServed
from tierwall.fleet.control_plane.fleet import Fleet, Standing
from tierwall.fleet.control_plane.snapshots import KINDS, Snapshot
from tierwall.fleet.peers import pretends

SERVICE: Final = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_SAID: Final = 500
"""Characters of what an Envoy says against a list."""


@dataclass(slots=True)
class _Asked:
    """One type of lists, on one stream."""

    names: frozenset[str]
    has: str | None
    """The version that the node has."""
    sent: str | None = None
    nonce: str = ""
    refused: str | None = None
    due: bool = True
    """Whether it waits for an answer: it asked anew, or for other names."""


@dataclass(slots=True)
class _Stream:
    standing: Standing | None = None
    asked: dict[str, _Asked] = field(default_factory=dict)
    sent: int = 0


class Discovery:
    """The service. `publish` puts the sites' newest versions in force."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._assignment = Assignment(by_id={}, sites=frozenset())
        self._snapshots: Mapping[str, Snapshot] = {}
        self._changed = asyncio.Condition()

    async def publish(self, assignment: Assignment, snapshots: Mapping[str, Snapshot]) -> None:
        """All at once; every stream looks at what that changes for it."""
        async with self._changed:
            self._assignment, self._snapshots = assignment, dict(snapshots)
            self._changed.notify_all()

    def handler(self) -> grpc.GenericRpcHandler:
        """For a gRPC server."""
        stream = grpc.stream_stream_rpc_method_handler(
            self._stream,
            request_deserializer=discovery_pb2.DiscoveryRequest.FromString,
            response_serializer=discovery_pb2.DiscoveryResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"StreamAggregatedResources": stream})

    async def _stream(
        self, requests: AsyncIterator[discovery_pb2.DiscoveryRequest], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[discovery_pb2.DiscoveryResponse]:
        stream = _Stream()
        heard = asyncio.create_task(self._hear(stream, requests, context))
        try:
            while not heard.done():
                async with self._changed:
                    answers = self._due(stream)
                    if not answers:
                        await self._changed.wait()
                        continue
                for answer in answers:
                    yield answer
            if (failure := heard.exception()) is not None:
                raise failure
        finally:
            heard.cancel()
            if stream.standing is not None:
                self._fleet.left(stream.standing)

    async def _hear(
        self,
        stream: _Stream,
        requests: AsyncIterator[discovery_pb2.DiscoveryRequest],
        context: grpc.aio.ServicerContext,
    ) -> None:
        try:
            async for request in requests:
                async with self._changed:
                    if stream.standing is None:
                        node = _node(request)
                        if (why := pretends(node.id, context)) is not None:
                            await context.abort(grpc.StatusCode.PERMISSION_DENIED, why)
                        stream.standing = self._fleet.came(node)
                    self._heard(stream, stream.standing, request)
                    self._changed.notify_all()
        finally:
            async with self._changed:
                self._changed.notify_all()

    def _heard(self, stream: _Stream, standing: Standing, request: discovery_pb2.DiscoveryRequest) -> None:
        kind, names = request.type_url, frozenset(request.resource_names)
        asked = stream.asked.get(kind)
        if asked is None:
            asked = stream.asked[kind] = _Asked(names, request.version_info or None)
            asked.sent = asked.has
            asked.due = asked.has is None
            if asked.has is not None:
                self._took(stream, standing, kind, asked.has)
            return
        if request.response_nonce and request.response_nonce != asked.nonce:
            return  # an answer to what was replaced meanwhile
        if request.HasField("error_detail"):
            asked.refused = asked.sent
            self._fleet.refused(standing, asked.sent, request.error_detail.message[:_SAID])
        elif request.response_nonce and request.version_info:
            asked.has = request.version_info
            self._took(stream, standing, kind, asked.has)
        if names != asked.names:
            asked.names, asked.due = names, True

    def _took(self, stream: _Stream, standing: Standing, kind: str, version: str) -> None:
        self._wants(standing)
        self._fleet.took(standing, kind, version, frozenset(stream.asked) & frozenset(KINDS))

    def _wants(self, standing: Standing) -> Snapshot | None:
        """What the node should run; None where it gets nothing."""
        try:
            site = self._assignment.site_of(standing.node)
        except NotServed as why:
            self._fleet.unserved(standing, str(why))
            return None
        snapshot = self._snapshots.get(site)
        if snapshot is None:
            return None
        if standing.node.bootstrap not in {None, snapshot.bootstrap}:
            had, has = standing.node.bootstrap, snapshot.bootstrap
            self._fleet.unserved(standing, f"its bootstrap is for `names: {had}`, {site} has {has}: export it anew")
            return None
        self._fleet.sends(standing, site, snapshot.version)
        return snapshot

    def _due(self, stream: _Stream) -> list[discovery_pb2.DiscoveryResponse]:
        if stream.standing is None or (snapshot := self._wants(stream.standing)) is None:
            return []
        answers = []
        for kind in KINDS:
            asked = stream.asked.get(kind)
            if asked is None or asked.refused == snapshot.version or not (asked.due or asked.sent != snapshot.version):
                continue
            stream.sent += 1
            asked.sent, asked.nonce, asked.due = snapshot.version, str(stream.sent), False
            lists = snapshot.lists[kind]
            answers.append(
                discovery_pb2.DiscoveryResponse(
                    version_info=snapshot.version,
                    type_url=kind,
                    nonce=asked.nonce,
                    resources=[lists[name] for name in sorted(asked.names) if name in lists],
                )
            )
        return answers


def _node(request: discovery_pb2.DiscoveryRequest) -> Node:
    metadata = json_format.MessageToDict(request.node.metadata).get("tierwall", {})
    return Node(request.node.id[:200], _text(metadata, "site"), _text(metadata, "bootstrap"))


def _text(metadata: Mapping[str, object], key: str) -> str | None:
    value = metadata.get(key)
    return value[:200] if isinstance(value, str) else None
