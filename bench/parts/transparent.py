"""New tunnels whose clients know of no proxy: redirected by the kernel, judged by the SNI, in a network namespace.

Squid intercepts and peeks, and goes on to the address that the client chose.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from bench import load
from bench.bench import Bench
from bench.namespace import ADDRESSES, CLIENT_UID, NETWORK, NoNamespace, namespace, redirect
from bench.peer import Peer
from bench.peers import Tierwall
from bench.squid import Squid


class Gateway(Tierwall):
    """In mode transparent."""

    def command(self) -> Sequence[str]:
        mode = f"transparent@127.0.0.1:{self.port}"
        return [*super().command(), "--mode", mode, "--clients", NETWORK]


class InterceptingSquid(Squid):
    """The same Squid with an https_port that intercepts."""

    intercepts = True


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    stands: dict[str, type[Peer]] = {"tierwall": Gateway, "squid": InterceptingSquid}
    kinds = [stands[kind.name] for kind in bench.kinds if kind.name in stands]
    try:
        with namespace(bench.ground) as ground, ExitStack() as stack:
            peers = [stack.enter_context(kind(ground).running()) for kind in kinds]
            at = dict(zip((peer.name for peer in peers), ADDRESSES[1:], strict=False))
            for peer in peers:
                redirect(ground, at[peer.name], peer.port)
                load.redirected(peer, at[peer.name], CLIENT_UID, scale.concurrency, scale.warm_s)
            for peer in bench.rounds("transparent", peers):
                outcome = load.redirected(peer, at[peer.name], CLIENT_UID, scale.concurrency, scale.storm_s)
                results.add("transparent.rate", peer.name, outcome.rate, "/s")
                results.add("transparent.cpu", peer.name, outcome.cpu_us_each, "us")
    except NoNamespace as lack:
        results.note("transparent", f"not measured: {lack}")
