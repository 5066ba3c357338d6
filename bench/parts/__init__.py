"""The parts of the benchmark, in the order in which they run."""

from bench.bench import Part
from bench.parts import (
    audit,
    behaviours,
    bulk,
    datagrams,
    denials,
    echo,
    inspected,
    memory,
    names,
    page,
    requests,
    rules,
    sinks,
    start,
    transparent,
    tunnels,
    verdict,
    workers,
)

PARTS: dict[str, tuple[str, Part]] = {
    "tunnels": ("new tunnels a second, and the proxy's CPU time for each", tunnels.run),
    "denials": ("denied CONNECTs a second", denials.run),
    "names": ("new tunnels to a name that a DNS server knows", names.run),
    "transparent": ("new tunnels of clients that are redirected", transparent.run),
    "behaviours": ("a site with ten behaviours that act elsewhere, against one without", behaviours.run),
    "requests": ("plain HTTP requests on connections that stay", requests.run),
    "inspected": ("requests inside TLS that the proxy opens", inspected.run),
    "bulk": ("one large stream through a tunnel", bulk.run),
    "echo": ("64 octets there and back through a standing tunnel", echo.run),
    "datagrams": ("UDP datagrams through a gateway, against the kernel alone", datagrams.run),
    "memory": ("memory of a standing idle tunnel", memory.run),
    "verdict": ("one verdict, cached and not", verdict.run),
    "rules": ("a million host rules and a hundred thousand networks", rules.run),
    "start": ("from start to listening", start.run),
    "audit": ("a Squid log of ten million lines", audit.run),
    "workers": ("two workers against one", workers.run),
    "page": ("a live page that somebody looks at, against a run without", page.run),
    "sinks": ("events sent to an engine, against a run without", sinks.run),
}
