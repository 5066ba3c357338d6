"""Squid: lines for squid.conf, with the names, networks and ports of each group as lists of their own.

Knows `acl`, `http_access` and `ssl_bump`. Squid does not start with a list in which one entry covers another (5.7: "is
a subdomain of", FATAL), so that none goes out.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import span
from tierwall.export.product import File, Job, Rendered, commented, spelled
from tierwall.policy.dialect import Dialect


def squid(job: Job) -> Rendered:
    """`-n`: a name is compared as a name and an address as an address, and neither is looked up."""
    lines: list[str] = []
    wider: list[str] = []
    short: list[str] = []
    left: list[tuple[Grant, str]] = []
    clients = f"{job.name}-clients"
    if job.kind is List.ALLOW:
        lines += ["# Who may: narrow this.", f"acl {clients} src all"]
    for action, grants in (("deny", job.denied), ("allow", job.grants)):
        for at, (ports, group) in enumerate(by_ports(grants), start=1):
            name = f"{job.name}-{action}-{at}"
            names = spelled(Dialect.SQUID, [grant for grant in group if grant.name is not None])
            if action == "allow":
                wider += names.wider
            else:
                short += [line.replace("admits besides", "denies besides") for line in names.wider]
            left += names.left
            with_ports: tuple[str, ...] = ()
            if ports and job.kind is not List.INBOUND:
                lines.append(f"acl {name}-ports port {' '.join(map(span, ports))}")
                with_ports = (f"{name}-ports",)
            networks = [plain(grant.network) for grant in group if grant.network is not None]
            for kind, what, entries in (
                ("names", _NAMES[job.kind], names.spellings),
                ("networks", _NETWORKS[job.kind], networks),
            ):
                if entries:
                    lines += [f"acl {name}-{kind} {what} {entry}" for entry in entries]
                    lines += _rules(job, action, clients, f"{name}-{kind}", with_ports)
    text = job.header(len(job.grants)) + commented(_PLACE[job.kind]) + "".join(f"{line}\n" for line in lines)
    return Rendered(
        files=(File(".conf", text, "lines for squid.conf"),),
        wider=tuple(dict.fromkeys(wider)),
        short=tuple(dict.fromkeys(short)),
        left=tuple(left),
    )


_NAMES: Final = {List.ALLOW: "dstdomain -n", List.BYPASS: "ssl::server_name", List.INBOUND: "srcdomain"}
_NETWORKS: Final = {List.ALLOW: "dst -n", List.BYPASS: "dst -n", List.INBOUND: "src"}

_PLACE: Final = {
    List.ALLOW: (
        "Place: above `http_access deny !Safe_ports` and `deny CONNECT !SSL_ports`, which refuse other ports.",
    ),
    List.BYPASS: ("Place: above every other `ssl_bump`, below `ssl_bump peek` at step 1.",),
    List.INBOUND: ("Place: in a reverse proxy before your own server, never in a forward proxy.",),
}


def _rules(job: Job, action: str, clients: str, acl: str, ports: Sequence[str]) -> Iterator[str]:
    match job.kind:
        case List.ALLOW:
            yield f"http_access {' '.join((action, clients, acl, *ports))}"
        case List.BYPASS:
            yield f"ssl_bump splice {' '.join((acl, *ports))}"
        case List.INBOUND:
            yield f"# http_access allow {acl}"
