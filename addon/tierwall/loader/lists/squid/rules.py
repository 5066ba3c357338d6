"""What a Squid configuration does with its access lists: `http_access` and `ssl_bump`, in their order.

Knows those two, and which other directives decide about requests too, which are named; how lists are read is acls.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tierwall.loader.faults import Fault, quoted, shown_path, unknown
from tierwall.loader.lists.squid.acls import AccessLists
from tierwall.loader.lists.squid.lines import Directive, Reading, directives, words
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.access_rules import (
    AccessList,
    AccessRule,
    AccessRules,
    Assumed,
    Decision,
    TlsDecision,
    TlsRule,
)

_FOLLOWED: Final = ("acl", "http_access", "ssl_bump", "configuration_includes_quoted_values", "include", "http_port")
_DECIDE_TOO: Final = {
    "http_access2": "rules on what a redirector made of a request",
    "adapted_http_access": "rules on what ICAP or eCAP made of a request",
    "http_reply_access": "rules on answers",
    "miss_access": "rules on what is not in the cache",
    "url_rewrite_program": "a program that may redirect requests",
    "icap_service": "a service that may answer requests",
    "ecap_service": "a service that may answer requests",
}
"""What decides about requests besides, and is not followed."""

_FINAL: Final = {
    "splice": TlsDecision.SPLICE,
    "none": TlsDecision.SPLICE,
    "deny": TlsDecision.SPLICE,
    "bump": TlsDecision.BUMP,
    "client-first": TlsDecision.BUMP,
    "server-first": TlsDecision.BUMP,
    "allow": TlsDecision.BUMP,
    "terminate": TlsDecision.TERMINATE,
}
_LOOKING: Final = {"peek": TlsDecision.SPLICE, "stare": TlsDecision.BUMP}
"""What becomes of a connection that was looked at, and that no later rule decides of."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One, as far as it was followed."""

    rules: AccessRules
    lists: AccessLists
    says_access: bool
    """Whether it has any `http_access`; a part of a configuration may have none."""
    notes: tuple[Fault, ...]
    """What could not be followed, and how it is taken."""
    files: tuple[Path, ...]
    """That it names and that were read."""


def read_configuration(path: Path) -> Configuration:
    """Follow the configuration.

    Raises:
        InvalidFiles: Squid 5 does not start with it, or a file that it names is not there.
    """
    reading = Reading(path)
    following = _Following(reading, AccessLists(reading))
    for directive in directives(reading):
        following.take(directive)
    rules = following.finished(path)
    notes = dict.fromkeys((*following.notes, *_assumed(path, rules)))
    return Configuration(rules, following.lists, following.says_access, tuple(notes), tuple(reading.files))


@dataclass(slots=True)
class _Following:
    """What has been read so far."""

    reading: Reading
    lists: AccessLists
    says_access: bool = False
    rules: list[AccessRule] = field(default_factory=list)
    tls: list[TlsRule] = field(default_factory=list)
    looked: TlsDecision | None = None
    """What becomes of a connection that the last rule only looked at."""
    bumps: list[bool] = field(default_factory=list)
    """Of each port, whether it has `ssl-bump`."""
    notes: list[Fault] = field(default_factory=list)

    def take(self, directive: Directive) -> None:
        """One more line."""
        match directive.name:
            case "acl":
                self.lists.define(directive)
            case "http_access":
                self.says_access = True
                self.rules += _access(self.reading, self.lists, directive, self.notes)
            case "ssl_bump":
                self._take_bump(directive)
            case "http_port" | "https_port":
                self.bumps.append("ssl-bump" in directive.rest.split())
            case "configuration_includes_quoted_values":
                self.reading.quoted_values = directive.rest.split("#")[0].strip() == "on"
            case name if name in _DECIDE_TOO and not directive.rest.startswith(("none", "allow all")):
                self.notes.append(directive.fault(f"`{name}` ({_DECIDE_TOO[name]}) is not followed"))
            case name if name not in _FOLLOWED and name.lstrip("\ufeff").lower() in _FOLLOWED:
                raise directive.refused(unknown("directive", name, _FOLLOWED[:3]) + ": Squid does not start")
            case _:
                pass

    def finished(self, path: Path) -> AccessRules:
        """All rules, with what holds where none does: the opposite of the last one."""
        denies = not self.rules or self.rules[-1].decision is Decision.ALLOW
        tls = list(self.tls)
        if tls and self.bumps and not any(self.bumps):
            self.notes.append(
                Fault(shown_path(path), None, "", "`ssl_bump` does nothing, because no port has `ssl-bump`")
            )
            tls = []
        elif tls and self.looked is not None:
            tls.append(TlsRule(self.looked, (), "after the last rule"))
        return AccessRules(tuple(self.rules), Decision.DENY if denies else Decision.ALLOW, tuple(tls))

    def _take_bump(self, directive: Directive) -> None:
        action, *names = [word for word, _ in words(self.reading, directive.rest)] or [""]
        if action not in {*_FINAL, *_LOOKING}:
            raise directive.refused(unknown("action of `ssl_bump`", action, (*_FINAL, *_LOOKING)))
        conditions = tuple(self.lists.condition(directive, name) for name in names)
        self.looked = _LOOKING.get(action, self.looked)
        if action in _FINAL:
            self.tls.append(TlsRule(_FINAL[action], conditions, directive.place))


def named(configuration: Configuration, path: Path, name: str) -> AccessList:
    """The access list that an entry of a site names. Raises InvalidFiles where there is none."""
    found = configuration.lists.find(name)
    if found is None:
        raise whole_file(path, unknown("access list", name, configuration.lists.names()))
    return found


def _access(reading: Reading, lists: AccessLists, directive: Directive, notes: list[Fault]) -> Iterator[AccessRule]:
    action, *names = [word for word, _ in words(reading, directive.rest)] or [""]
    if action not in Decision:
        notes.append(directive.fault(f"Squid leaves out this line: {quoted(action)} is neither `allow` nor `deny`"))
    elif not names:
        notes.append(directive.fault("Squid leaves out this line, which names no access list"))
    else:
        conditions = tuple(lists.condition(directive, name) for name in names)
        yield AccessRule(Decision(action), conditions, directive.place)


def _assumed(path: Path, rules: AccessRules) -> Iterator[Fault]:
    """Each list that cannot be followed and that a rule uses."""
    for used in rules.lists():
        for test in dict.fromkeys(test for test in used.tests if isinstance(test, Assumed)):
            name, _, line = used.place.rpartition(":")
            where = path.with_name(name) if name else path
            yield Fault(
                shown_path(where),
                int(line) if line.isdigit() else None,
                "",
                f"`{used.name}` ({test.what}) cannot be followed here, and is taken as matching",
            )
