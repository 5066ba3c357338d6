"""Check Point: domain, host, network and service objects with a rule for each group of ports, and a network feed.

Knows mgmt_cli. A domain object is exact in FQDN mode; with `is-sub-domain true` it takes in the names below, by reverse
DNS, which the guide calls inaccurate (Security Management Administration Guide, Domains).
"""

import shlex
from collections.abc import Container, Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import span
from tierwall.export.product import File, Job, Rendered, ascii_line
from tierwall.export.selection import object_name
from tierwall.export.spelling import Form, Spelled, spell
from tierwall.policy.dialect import Reading
from tierwall.policy.model import Ports

FORMS: Final = (Form("{}", 0, 0), Form("*.{}", 0, None))
"""`is-sub-domain false` and `true`; whether the latter takes in the domain itself, the guide does not say: it may."""

FEED_FORMS: Final = (Form("{}", 0, 0),)

_SESSION: Final = "-s id.txt"


def mgmt_cli(job: Job) -> Rendered:
    """A script: log in, add, publish."""
    lines = [*_comments(job), "mgmt_cli login -r true > id.txt"]
    wider: list[str] = []
    left: list[tuple[Grant, str]] = []
    added: set[str] = set()
    below = {line.removeprefix("*.") for line in spell(FORMS, job.names).spellings if line.startswith("*.")}
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        name = object_name(job.name, str(at))
        names = _spelled(grants, below)
        wider += names.wider
        left += names.left
        members: list[str] = []
        for spelling, grant in names.lines:
            members.append(f".{spelling.removeprefix('*.')}")
            inside = "true" if spelling.startswith("*.") else "false"
            lines += _once(added, "dns-domain", members[-1], f"is-sub-domain {inside} {_comment(grant)}")
        for grant in grants:
            if grant.network is not None:
                members.append(object_name(job.name, str(grant).replace("/", "_").replace(":", "-"), most=60))
                lines += _once(added, *_address(members[-1], grant))
        listed = " ".join(f"members.{place} {shlex.quote(member)}" for place, member in enumerate(members, start=1))
        lines += _once(added, "group", name, listed)
        lines += _rule(job, name, ports, added)
    lines += [f"mgmt_cli publish {_SESSION}", f"mgmt_cli logout {_SESSION}"]
    text = "".join(f"{line}\n" for line in lines)
    return Rendered(
        files=(File(".sh", text, "a script for the management server"),),
        wider=tuple(dict.fromkeys(wider)),
        left=tuple(left),
        notes=tuple(_notes(job)),
    )


def network_feed(job: Job) -> Rendered:
    """A flat list that gateways fetch (R81.20 and later): names in one, addresses in another."""
    names = spell(FEED_FORMS, job.names)
    networks = [plain(grant.network) for grant in job.networks if grant.network is not None]
    files = []
    commands = _comments(job)
    for kind, title, entries in (("names", "Domain", names.spellings), ("networks", "IP Address", networks)):
        if entries:
            suffix = f"-{kind}.txt"
            text = job.header(len(entries), "!") + "".join(f"{entry}\n" for entry in entries)
            files.append(File(suffix, text, f"a flat list, feed-type {title}"))
            commands.append(
                f'mgmt_cli add network-feed name "{object_name(job.name, kind)}" '
                f'feed-url "https://lists.example/{job.stem}{suffix}" feed-format "Flat List" feed-type "{title}" '
                'update-interval 60 data-column 1 fields-delimiter "\\t" ignore-lines-that-start-with "!" '
                f"use-gateway-proxy false {_SESSION}"
            )
    files.append(File(".sh", "".join(f"{line}\n" for line in commands), "the commands that fetch the lists"))
    return Rendered(files=tuple(files), wider=names.wider, short=names.short, left=names.left)


def _spelled(grants: Sequence[Grant], below: Container[str]) -> Spelled:
    """A domain has one object, whatever the group of ports: where one of them needs what is below, all get it."""
    names = [grant for grant in grants if grant.name is not None]
    wide = [grant for grant in names if isinstance(grant.name, Reading) and grant.name.base in below]
    some, others = spell(FORMS[1:], wide), spell(FORMS, [grant for grant in names if grant not in wide])
    return Spelled(
        lines=(*some.lines, *others.lines),
        wider=(*some.wider, *others.wider),
        short=(*some.short, *others.short),
        left=(*some.left, *others.left),
    )


def _comments(job: Job) -> list[str]:
    return job.header(len(job.grants)).splitlines()


def _once(added: set[str], kind: str, name: str, rest: str) -> Iterator[str]:
    """An object may be in several groups, and is added once."""
    if name not in added:
        added.add(name)
        yield f"mgmt_cli add {kind} name {shlex.quote(name)} {rest} {_SESSION}"


def _address(name: str, grant: Grant) -> tuple[str, str, str]:
    network = grant.network
    if network is None or network.prefixlen == network.max_prefixlen:
        return "host", name, f"ip-address {grant} {_comment(grant)}"
    return "network", name, f"subnet {network.network_address} mask-length {network.prefixlen} {_comment(grant)}"


def _rule(job: Job, name: str, ports: Sequence[Ports], added: set[str]) -> Iterator[str]:
    if job.kind is List.INBOUND:
        yield f"# group {name}: as the source of a rule to your own server"
        return
    if job.kind is List.BYPASS:
        yield f"# group {name}: as the destination of an HTTPS inspection rule with action Bypass"
        return
    services = [object_name(job.name, f"{each.transport}-{span(each)}") for each in ports]
    for service, each in zip(services, ports, strict=True):
        yield from _once(added, f"service-{each.transport}", service, f"port {span(each)}")
    listed = " ".join(f"service.{place} {service}" for place, service in enumerate(services, start=1))
    yield (
        f'mgmt_cli add access-rule layer "Network" position top name {name} destination.1 {name} {listed} '
        f'action Accept track "Log" {_SESSION}'
    )


def _comment(grant: Grant) -> str:
    return f"comments {shlex.quote(ascii_line(grant.purpose or grant.label))}"


def _notes(job: Job) -> Iterator[str]:
    if any(grant.name is not None for grant in job.grants):
        yield "objects for what is below a domain match by reverse DNS: try each before you rely on it"
