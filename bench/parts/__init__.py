"""The parts of the benchmark, in the order in which they run."""

from bench.bench import Part
from bench.parts import audit, bulk, denials, echo, memory, rules, sinks, start, tunnels, verdict, workers

PARTS: dict[str, tuple[str, Part]] = {
    "tunnels": ("new tunnels a second, and the proxy's CPU time for each", tunnels.run),
    "denials": ("denied CONNECTs a second", denials.run),
    "bulk": ("one large stream through a tunnel", bulk.run),
    "echo": ("64 octets there and back through a standing tunnel", echo.run),
    "memory": ("memory of a standing idle tunnel", memory.run),
    "verdict": ("one verdict, cached and not", verdict.run),
    "rules": ("a million host rules and a hundred thousand networks", rules.run),
    "start": ("from start to listening", start.run),
    "audit": ("a Squid log of ten million lines", audit.run),
    "workers": ("two workers against one", workers.run),
    "sinks": ("events sent to an engine, against a run without", sinks.run),
}
