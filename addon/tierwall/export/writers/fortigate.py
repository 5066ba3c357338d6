"""FortiGate: address and service objects with a policy for each group of ports, exemptions from inspection, feeds.

Knows the CLI. A firewall policy takes addresses of type fqdn, a wildcard too; objects of `wildcard-fqdn custom` are for
exemptions from SSL inspection alone (FortiOS Administration Guide, Using wildcard FQDN addresses).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Limit, Rendered, ascii_line, check, spelled
from tierwall.export.selection import object_name
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport

OBJECT_CHARACTERS: Final = 79
"""Names of addresses and services (FortiOS CLI Reference)."""
COMMENT_CHARACTERS: Final = 255
FEED_ENTRIES: Final = Limit(131_072, "entries of a feed", "FortiOS 7.4.3 and earlier; 7.4.4 release notes have more")


def fortigate(job: Job) -> Rendered:
    """The objects, then what uses them."""
    lines: list[str] = []
    wider: list[str] = []
    short: list[str] = []
    left: list[tuple[Grant, str]] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        name = object_name(job.name, str(at), most=OBJECT_CHARACTERS - 8)
        names = spelled(Dialect.FORTINET, [grant for grant in grants if grant.name is not None])
        wider += names.wider
        short += names.short
        left += names.left
        objects = _Objects(job, names.lines, [grant for grant in grants if grant.network is not None])
        lines += objects.bypass() if job.kind is List.BYPASS else objects.addresses()
        match job.kind:
            case List.ALLOW:
                lines += [*_service(name, ports), *objects.groups(name), *_policies(job, name, objects)]
            case List.BYPASS:
                lines += objects.exemptions()
            case List.INBOUND:
                lines += objects.groups(name)
    text = job.header(len(job.grants)) + "".join(f"{line}\n" for line in lines)
    return Rendered(
        files=(File(".conf", text, "CLI commands"),),
        wider=tuple(dict.fromkeys(wider)),
        short=tuple(dict.fromkeys(short)),
        left=tuple(left),
    )


def feed(job: Job) -> Rendered:
    """Lists that the firewall fetches: one of domains, one of addresses, and the commands that name them."""
    names = spelled(Dialect.FORTINET, job.names)
    networks = [plain(grant.network) for grant in job.networks if grant.network is not None]
    check(FEED_ENTRIES, len(names.spellings))
    check(FEED_ENTRIES, len(networks))
    files = []
    commands = [job.header(len(job.grants)) + "config system external-resource"]
    for kind, entries in (("domain", names.spellings), ("address", networks)):
        if entries:
            suffix = f"-{kind}.txt"
            files.append(File(suffix, "".join(f"{entry}\n" for entry in entries), f"a feed of type {kind}"))
            commands += [
                f'    edit "{object_name(job.name, kind, most=OBJECT_CHARACTERS)}"',
                f"        set type {kind}",
                *(["        set category 192"] if kind == "domain" else []),
                f'        set resource "https://lists.example/{job.stem}{suffix}"',
                "        set refresh-rate 60",
                "    next",
            ]
    files.append(File(".conf", "\n".join([*commands, "end", ""]), "CLI commands that fetch the feeds"))
    return Rendered(files=tuple(files), wider=names.wider, short=names.short, left=names.left)


class _Objects:
    """The objects of one group of ports, by kind, with the names of their members."""

    def __init__(self, job: Job, names: Sequence[tuple[str, Grant]], networks: Sequence[Grant]) -> None:
        self._job = job
        self._names = [(self._name(_object(spelling)), spelling, grant) for spelling, grant in names]
        self._ipv4 = [self._network(grant) for grant in networks if grant.network and grant.network.version == 4]
        self._ipv6 = [self._network(grant) for grant in networks if grant.network and grant.network.version == 6]

    def addresses(self) -> Iterator[str]:
        """`firewall address` and `firewall address6`."""
        ipv4 = [(name, ["set type fqdn", f'set fqdn "{fqdn}"'], grant) for name, fqdn, grant in self._names]
        ipv4 += [
            (name, ["set type ipmask", f"set subnet {grant.network.network_address} {grant.network.netmask}"], grant)
            for name, grant in self._ipv4
            if grant.network is not None
        ]
        yield from _section("firewall address", ipv4)
        yield from _section(
            "firewall address6", [(name, [f"set ip6 {grant.network}"], grant) for name, grant in self._ipv6]
        )

    def groups(self, name: str) -> Iterator[str]:
        """`firewall addrgrp` and `firewall addrgrp6`."""
        for kind, group, members in (
            ("addrgrp", name, [*(each for each, _, _ in self._names), *(each for each, _ in self._ipv4)]),
            ("addrgrp6", f"{name}-v6", [each for each, _ in self._ipv6]),
        ):
            if members:
                listed = " ".join(f'"{member}"' for member in members)
                yield from (f"config firewall {kind}", f'    edit "{group}"', f"        set member {listed}")
                yield from ("    next", "end")

    @property
    def families(self) -> list[str]:
        """Of which IP there is a group."""
        return [*(["4"] if self._names or self._ipv4 else []), *(["6"] if self._ipv6 else [])]

    def bypass(self) -> Iterator[str]:
        """`wildcard-fqdn custom` for names, addresses as they are."""
        wild = [(name, [f'set wildcard-fqdn "{fqdn}"'], grant) for name, fqdn, grant in self._names]
        yield from _section("firewall wildcard-fqdn custom", wild)
        self._names, names = [], self._names
        yield from self.addresses()
        self._names = names

    def exemptions(self) -> Iterator[str]:
        """Of the profile that decrypts."""
        members = [
            *(("wildcard-fqdn", name) for name, _, _ in self._names),
            *(("address", name) for name, _ in self._ipv4),
            *(("address6", name) for name, _ in self._ipv6),
        ]
        yield from ("config firewall ssl-ssh-profile", '    edit "deep-inspection"', "        config ssl-exempt")
        for kind, name in members:
            yield from (
                "            edit 0",
                f"                set type {kind}",
                f'                set {kind} "{name}"',
            )
            yield "            next"
        yield from ("        end", "    next", "end")

    def _name(self, what: str) -> str:
        return object_name(self._job.name, what, most=OBJECT_CHARACTERS, keep=".")

    def _network(self, grant: Grant) -> tuple[str, Grant]:
        return self._name(str(grant).replace("/", "_").replace(":", "-")), grant


def _object(spelling: str) -> str:
    """`vevox.app`, and `vevox.app_below` for what is below it: no top-level domain ends so."""
    return f"{spelling.removeprefix('*.')}_below" if spelling.startswith("*.") else spelling


def _section(title: str, objects: Iterable[tuple[str, list[str], Grant]]) -> Iterator[str]:
    objects = list(objects)
    if not objects:
        return
    yield f"config {title}"
    for name, settings, grant in objects:
        yield f'    edit "{name}"'
        yield from (f"        {setting}" for setting in settings)
        if "ssl" not in title and "wildcard" not in title:
            yield f'        set comment "{_comment(grant)}"'
        yield "    next"
    yield "end"


def _service(name: str, ports: Sequence[Ports]) -> Iterator[str]:
    yield from ("config firewall service custom", f'    edit "{name}"')
    for transport in Transport:
        if ranges := of_transport(ports, transport):
            yield f"        set {transport}-portrange {' '.join(map(span, ranges))}"
    yield from ("    next", "end")


def _policies(job: Job, name: str, objects: _Objects) -> Iterator[str]:
    """`edit 0` appends."""
    for family in objects.families:
        source, destination = ("srcaddr", "dstaddr") if family == "4" else ("srcaddr6", "dstaddr6")
        group = name if family == "4" else f"{name}-v6"
        yield from ("config firewall policy", "    edit 0", f'        set name "{object_name(group, most=35)}"')
        yield from ('        set srcintf "any"', '        set dstintf "any"', f'        set {source} "all"')
        yield from (
            f'        set {destination} "{group}"',
            "        set action accept",
            '        set schedule "always"',
        )
        yield from (f'        set service "{name}"', "        set logtraffic all")
        yield from (f'        set comments "{_cut(job.title)}"', "    next", "end")


def _comment(grant: Grant) -> str:
    return _cut(grant.purpose or grant.label)


def _cut(text: str) -> str:
    return ascii_line(text).replace('"', "'").replace("\\", "/")[:COMMENT_CHARACTERS]
