"""PAN-OS: external dynamic lists, and set commands with categories, addresses, services and rules.

Knows the syntax of both; entries end in `/`, so that they mean the same before and after 10.2 (see the dialect).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import span
from tierwall.export.product import File, Job, Limit, Rendered, check, spelled
from tierwall.export.selection import object_name
from tierwall.export.spelling import Spelled
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports

EDL_ENTRIES: Final = Limit(
    50_000,
    "entries of an external dynamic list",
    "PAN-OS 7.1 web help, Objects > External Dynamic Lists; later per model",
)
ENTRY_CHARACTERS: Final = 255
OBJECT_CHARACTERS: Final = 63
"""Names of objects and rules."""


def dynamic_list(job: Job) -> Rendered:
    """A list holds one type only: URLs in one file, addresses in another. URL lists take no comment."""
    names = spelled(Dialect.PAN_OS, job.names)
    networks = [f"{grant.network} {_comment(grant)}" for grant in job.networks]
    urls = entries(names)
    check(EDL_ENTRIES, len(urls))
    check(EDL_ENTRIES, len(networks))
    files = []
    if urls:
        files.append(File("-url.txt", "".join(f"{line}\n" for line in urls), "a list of type URL"))
    if networks:
        files.append(File("-ip.txt", "".join(f"{line}\n" for line in networks), "a list of type IP"))
    return Rendered(files=tuple(files), wider=names.wider, short=names.short, left=names.left, notes=_notes(job))


def set_commands(job: Job) -> Rendered:
    """Categories, addresses, services and a rule for each group of ports; for the bypass, decryption rules."""
    lines: list[str] = []
    wider: list[str] = []
    short: list[str] = []
    left: list[tuple[Grant, str]] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        names = spelled(Dialect.PAN_OS, [grant for grant in grants if grant.name is not None])
        networks = [grant for grant in grants if grant.network is not None]
        wider += names.wider
        short += names.short
        left += names.left
        lines += _group(job, object_name(job.name, str(at), most=OBJECT_CHARACTERS), ports, names, networks)
    text = job.header(len(job.grants), "#") + "".join(f"{line}\n" for line in lines)
    return Rendered(
        files=(File(".txt", text, "set commands, in configure mode"),),
        wider=tuple(dict.fromkeys(wider)),
        short=tuple(dict.fromkeys(short)),
        left=tuple(left),
        notes=_notes(job),
    )


def entries(names: Spelled) -> list[str]:
    """With their ends closed: a site's own spelling may leave it to the firewall's version."""
    return list(dict.fromkeys(line if line.endswith(("/", "*")) else f"{line}/" for line in names.spellings))


def service_name(ports: Ports) -> str:
    """`tcp-443`, `udp-49152-65535`."""
    return f"{ports.transport}-{span(ports)}"


def _group(job: Job, name: str, ports: Sequence[Ports], names: Spelled, networks: Sequence[Grant]) -> Iterator[str]:
    services = [object_name(job.name, service_name(each), most=OBJECT_CHARACTERS) for each in ports]
    for service, each in zip(services, ports, strict=True):
        yield f"set service {service} protocol {each.transport} port {span(each)}"
    asked = f"service [ {' '.join(services)} ]" if services else "service any"
    if urls := entries(names):
        yield f'set profiles custom-url-category {name} type "URL List"'
        for url in urls:
            yield f"set profiles custom-url-category {name} list {url}"
        yield from _rule(job, f"{name}-names", "any", f"category {name}", asked)
    if networks:
        members = [object_name(job.name, _object(grant), most=OBJECT_CHARACTERS) for grant in networks]
        for member, grant in zip(members, networks, strict=True):
            yield f"set address {member} ip-netmask {grant.network}"
        for member in members:
            yield f"set address-group {name}-addresses static {member}"
        yield from _rule(job, f"{name}-networks", f"{name}-addresses", "category any", asked)


def _rule(job: Job, name: str, group: str, category: str, asked: str) -> Iterator[str]:
    """Application `any`: what is not HTTP inside TLS is `ssl` only until it shifts to unknown-tcp."""
    if job.kind is List.INBOUND:
        yield f"# who calls: use {group} as the source of a rule to your own server"
        return
    where = "from any to any source any"
    if job.kind is List.BYPASS:
        yield f"set rulebase decryption rules {name} {where} destination {group} {category} {asked}"
        yield f"set rulebase decryption rules {name} action no-decrypt type ssl-forward-proxy"
        return
    yield f"set rulebase security rules {name} {where} destination {group} application any {category} {asked}"
    yield f"set rulebase security rules {name} action allow log-end yes"


def _object(grant: Grant) -> str:
    return plain(grant.network).replace("/", "_").replace(":", "-") if grant.network is not None else ""


def _comment(grant: Grant) -> str:
    """Behind a space (Formatting Guidelines for an External Dynamic List)."""
    return f"# {grant.label}"


def _notes(job: Job) -> tuple[str, ...]:
    if job.kind is List.ALLOW:
        return ("a URL list or category decides only in rules whose application lets TLS through: `any`, or `ssl`",)
    return ()
