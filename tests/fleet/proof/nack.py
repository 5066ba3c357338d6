"""A list that an Envoy does not take (NACK): shown with its words, and the last good stays."""

import asyncio
import time

import grpc
from envoy.config.route.v3 import route_pb2
from google.protobuf import any_pb2

from tests.fleet.proof.lab import PLANE, Lab, lab, made, until
from tests.support.needs import NAMESPACES, needs
from tierwall.fleet.control_plane.ads import Discovery
from tierwall.fleet.control_plane.assignment import Assignment
from tierwall.fleet.control_plane.fleet import Change, Fleet, State
from tierwall.fleet.control_plane.snapshots import Snapshot, snapshot_of
from tierwall.fleet.envoy import lists_of
from tierwall.fleet.envoy.values import ROUTES
from tierwall.loader import load_catalogue, load_site

__all__ = ["lab", "made"]
pytestmark = needs(NAMESPACES, "setpriv")
CATALOGUE = load_catalogue([])


def test_a_list_that_an_envoy_does_not_take_is_shown_and_the_last_good_stays(lab: Lab) -> None:
    good = snapshot_of(lists_of(load_site(str(lab.folder / "lab.yaml"), CATALOGUE), CATALOGUE))
    routes = any_pb2.Any(type_url=ROUTES, value=good.lists[ROUTES]["requests"].value)
    twice = type(good)(
        site="lab",
        version="broken",
        bootstrap=good.bootstrap,
        lists={**good.lists, ROUTES: {"requests": _broken(routes)}},
    )
    told: list[Change] = []

    lab.made.gateway.inside(lambda: asyncio.run(_served(lab, good, twice, told)))

    assert [change.state for change in told if change.state in {State.CURRENT, State.REFUSED}] == [
        State.CURRENT,
        State.REFUSED,
    ]
    refused = next(change for change in told if change.state is State.REFUSED)
    assert good.version in refused.detail


def _broken(routes: any_pb2.Any) -> any_pb2.Any:
    config = route_pb2.RouteConfiguration.FromString(routes.value)
    config.virtual_hosts.append(config.virtual_hosts[0])  # a name twice: Envoy takes none of it
    broken = any_pb2.Any()
    broken.Pack(config)
    return broken


async def _served(lab: Lab, good: Snapshot, broken: Snapshot, told: list[Change]) -> None:
    fleet = Fleet(time.time, told.append)
    discovery = Discovery(fleet)
    assignment = Assignment(by_id={}, sites=frozenset({"lab"}))
    await discovery.publish(assignment, {"lab": good})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((discovery.handler(),))
    tls = lab.folder / "tls"
    pair = ((tls / "control-plane.key").read_bytes(), (tls / "control-plane.crt").read_bytes())
    server.add_secure_port(
        f"127.0.0.1:{PLANE}",
        grpc.ssl_server_credentials([pair], (tls / "ca.crt").read_bytes(), require_client_auth=True),
    )
    await server.start()

    def one_envoy() -> None:
        with lab.envoy("lab-1", 8080):
            assert lab.tries("a.example")
            asyncio.run_coroutine_threadsafe(discovery.publish(assignment, {"lab": broken}), loop).result(10)
            until(lambda: any(change.state is State.REFUSED for change in told))
            assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(one_envoy)
    await server.stop(0)
