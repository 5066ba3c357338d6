"""Squid's access lists: `acl NAME TYPE [options] value…` -> tests.

Knows names and lines, and which types look at something else than destinations: those are assumed to match, or never
do. What the others look at is types.py's. As src/AclRegs.cc has them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from tierwall.loader.faults import quoted
from tierwall.loader.lists.squid.lines import Directive, Reading, words
from tierwall.loader.lists.squid.types import ALWAYS, FOLLOWED, Line
from tierwall.policy.access_rules import AccessList, Addresses, Assumed, Condition, Hosts, Never, Test, Tunnelled
from tierwall.policy.dialect import Dialect, canonical
from tierwall.policy.dialect.overlaps import overlaps

_NAMES: Final = {
    "dstdomain": frozenset({"-n"}),
    "ssl::server_name": frozenset({"--client-requested", "--server-provided", "--consensus"}),
}
"""Types whose values are names of hosts, with the options that they have."""

_ASSUMED: Final = frozenset(
    [
        "src",
        "srcdomain",
        "srcdom_regex",
        "localip",
        "localport",
        "myip",
        "myport",
        "myportname",
        "arp",
        "eui64",
        "time",
        "browser",
        "referer_regex",
        "proto",
        "req_header",
        "req_mime_type",
        "proxy_auth",
        "proxy_auth_regex",
        "ident",
        "ident_regex",
        "ext_user",
        "ext_user_regex",
        "external",
        "user_cert",
        "ca_cert",
        "maxconn",
        "max_user_ip",
        "random",
        "note",
        "tag",
        "has",
        "transaction_initiator",
        "annotate_client",
        "annotate_transaction",
        "client_connection_mark",
        "clientside_mark",
        "connections_encrypted",
        "server_cert_fingerprint",
        "ssl_error",
        "src_as",
        "dst_as",
        "peername",
        "peername_regex",
        "adaptation_service",
        "snmp_community",
    ]
)
"""What looks at the client, at a user, at the time, or asks a program."""
_NEVER: Final = frozenset(["http_status", "rep_header", "rep_mime_type", "hier_code", "squid_error", "urllogin"])
"""What looks at an answer, which there is none of when a request is judged."""


@dataclass(slots=True)
class _Gathered:
    """An access list of which further lines may come."""

    name: str
    type: str
    place: str
    values: list[tuple[Directive, str]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    made: AccessList | None = None


class AccessLists:
    """All that have been defined so far. Their names are compared without case, as Squid does."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lists: dict[str, _Gathered] = {}
        self._built_in = {each.name.lower(): each for each in _built_in()}

    def define(self, directive: Directive) -> None:
        """Take a line. Raises InvalidFiles where Squid does not start with it."""
        several = words(self._reading, directive.rest)
        name, type_ = next(several, ("", False))[0], next(several, ("", False))[0]
        if not type_:
            raise directive.refused("an access list has a name and a type: `acl NAME TYPE …`")
        if name.lower() == "manager" and type_ == "proto":
            return
        known = self._lists.get(name.lower())
        if known is None:
            known = self._lists[name.lower()] = _Gathered(name, type_, directive.place)
        if known.type != type_:
            raise directive.refused(f"{quoted(name)} has type {quoted(known.type)} already, not {quoted(type_)}")
        line = Line(self._reading, directive, type_, self.condition)
        if type_ in _NAMES:
            known.values += line.values(_NAMES[type_])
        elif type_ in FOLLOWED:
            known.tests += FOLLOWED[type_](line)
        elif type_ in _NEVER:
            known.tests.append(Never())
        elif type_ in _ASSUMED:
            everybody = type_ == "src" and any(text == "all" for _, text in line.values())
            known.tests.append(ALWAYS if everybody else Assumed(type_))
        else:
            raise directive.refused(f"Squid has no type of access list {quoted(type_)}")

    def condition(self, directive: Directive, word: str) -> Condition:
        """`NAME`, or `!NAME`, of a rule. Raises InvalidFiles where there is none."""
        name = word.removeprefix("!")
        found = self.find(name)
        if found is None:
            raise directive.refused(f"there is no access list {quoted(name)}: Squid does not start")
        return Condition(found, negated=word.startswith("!"))

    def find(self, name: str) -> AccessList | None:
        """The list of that name, complete as it stands."""
        gathered = self._lists.get(name.lower())
        if gathered is None:
            return self._built_in.get(name.lower())
        if gathered.made is None:
            gathered.made = AccessList(gathered.name, tuple(_finished(gathered)), gathered.place)
        return gathered.made

    def names(self) -> tuple[str, ...]:
        """Of those that the configuration defines."""
        return tuple(each.name for each in self._lists.values())


def _finished(gathered: _Gathered) -> Iterator[Test]:
    hosts = [canonical(text, Dialect.SQUID) for _, text in gathered.values]
    for narrow, wide in overlaps(hosts):
        small, large = quoted(hosts[narrow]), quoted(hosts[wide])
        raise gathered.values[narrow][0].refused(
            f"{small} lies within {large}, and Squid 5 does not start with both in this order: leave out {small}"
        )
    if hosts:
        yield Hosts(tuple(hosts), Dialect.SQUID)
    yield from gathered.tests or (() if hosts else (Never(),))


def _built_in() -> Iterator[AccessList]:
    yield AccessList("all", (ALWAYS,), "built in")
    yield AccessList("manager", (Never(),), "built in")
    yield AccessList("localhost", (Assumed("src"),), "built in")
    to_itself = tuple(map(ip_network, ("127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128")))
    yield AccessList("to_localhost", (Addresses(to_itself),), "built in")
    yield AccessList("to_linklocal", (Addresses((ip_network("169.254.0.0/16"), ip_network("fe80::/10"))),), "built in")
    yield AccessList("CONNECT", (Tunnelled(tunnel=True),), "built in")
