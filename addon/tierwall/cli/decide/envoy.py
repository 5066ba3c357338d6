"""`tierwall decide --speak envoy`: a gRPC server for Envoy's external authorization, on loopback or a Unix socket.

Knows where it listens, and signals; what is asked and answered is decide/ext_authz.py's.
"""

import asyncio
import signal
from contextlib import suppress

from tierwall.cli.decide.saying import say
from tierwall.cli.faults import BadInput
from tierwall.cli.places import place_of
from tierwall.decide.judging import LOOK_EVERY_S, Judging
from tierwall.policy.authority import host_port
from tierwall.policy.hostname import InvalidHost, normalise

_MISSING = "external authorization needs gRPC: pip install 'tierwall[fleet]'"


def answer_envoy(judging: Judging, listen: str) -> int:
    """Until it is ended. Raises BadInput."""
    at = _at(listen)
    try:
        import grpc  # noqa: PLC0415 - an extra

        from tierwall.decide.ext_authz import ExternalAuthorization  # noqa: PLC0415
    except ImportError:
        raise BadInput([_MISSING]) from None

    async def run() -> None:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((ExternalAuthorization(judging).handler(),))
        try:
            server.add_insecure_port(at)
        except RuntimeError:
            raise BadInput([f"--listen {at}: cannot be listened on"]) from None
        await server.start()
        say(f"listening {at}")
        ending = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        while not ending.is_set():
            judging.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), LOOK_EVERY_S)
        await server.stop(1)

    asyncio.run(run())
    return 0


def _at(listen: str) -> str:
    """Without TLS nobody but this machine may ask: what is answered is what a network lets through."""
    if listen.startswith("unix:"):
        return listen
    place = place_of("--listen", listen)
    try:
        address = normalise(place.host)
    except InvalidHost:
        address = place.host
    if isinstance(address, str) or not address.is_loopback:
        raise BadInput([f"--listen {listen}: Envoy asks without TLS: a loopback address, or unix:/path"])
    return host_port(address, place.port)
