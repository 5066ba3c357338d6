"""New tunnels whose clients know of no proxy: redirected by the kernel, judged by the SNI, in a network namespace.

Squid intercepts and peeks, and goes on to the address that the client chose.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from bench import load
from bench.bench import Bench
from bench.namespace import ADDRESS, NETWORK, NoNamespace, namespace, redirect
from bench.peer import Peer
from bench.peers import Debian, Tierwall
from bench.squid import Squid

_FIRST_UID: Final = 65_500
"""Each proxy's clients are a user of their own, by whom the kernel tells where to lead them. All go to the address to
which the name in their hello leads: Squid answers 409 in the origin's place otherwise."""


class Gateway(Tierwall):
    """In mode transparent."""

    def command(self) -> Sequence[str]:
        mode = f"transparent@127.0.0.1:{self.port}"
        return [*super().command(), "--mode", mode, "--clients", NETWORK]


class DebianGateway(Debian):
    """The same on Debian's Python."""

    def command(self) -> Sequence[str]:
        mode = f"transparent@127.0.0.1:{self.port}"
        return [*super().command(), "--mode", mode, "--clients", NETWORK]


class InterceptingSquid(Squid):
    """The same Squid with an https_port that intercepts."""

    intercepts = True


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    stands: dict[str, type[Peer]] = {kind.name: kind for kind in (Gateway, DebianGateway, InterceptingSquid)}
    kinds = [stands[kind.name] for kind in bench.kinds if kind.name in stands]
    try:
        with namespace(bench.ground) as ground, ExitStack() as stack:
            peers = [stack.enter_context(kind(ground).running()) for kind in kinds]
            users = {peer.name: _FIRST_UID + number for number, peer in enumerate(peers)}
            for peer in peers:
                redirect(ground, users[peer.name], peer.port)
                load.redirected(peer, ADDRESS, users[peer.name], scale.concurrency, scale.warm_s)
            for peer in bench.rounds("transparent", peers):
                outcome = load.redirected(peer, ADDRESS, users[peer.name], scale.concurrency, scale.storm_s)
                results.add("transparent.rate", peer.name, outcome.rate, "/s")
                results.add("transparent.cpu", peer.name, outcome.cpu_us_each, "us")
    except NoNamespace as lack:
        results.note("transparent", f"not measured: {lack}")
