"""The types of Squid's access lists that look at destinations: their values -> tests.

Knows values of one line at a time; names of hosts, which stand together over lines, are acls.py's. As the directive
`acl` of Squid's documentation has them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network, summarize_address_range
from typing import Final

from tierwall.loader.faults import quoted
from tierwall.loader.lists.squid.lines import Directive, Reading, file_lines, patterns, words
from tierwall.policy.access_rules import (
    Addresses,
    Assumed,
    Condition,
    Expressions,
    OnPorts,
    Test,
    Together,
    Tunnelled,
)
from tierwall.policy.match.deciding import BadExpression, expression
from tierwall.policy.model import Network, Ports, Transport

ALWAYS: Final = Together(())
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Line:
    """A line `acl NAME TYPE …`."""

    reading: Reading
    directive: Directive
    type: str
    find: Callable[[Directive, str], Condition]
    """The access list of that name, or its opposite."""

    def condition(self, word: str) -> Condition:
        """Another access list that the line names."""
        return self.find(self.directive, word)

    def values(self, options: frozenset[str] = frozenset()) -> Iterator[tuple[Directive, str]]:
        """Its values, those of files too, behind options of which only some are allowed."""
        several = list(words(self.reading, self.directive.rest))[2:]
        optional = True
        for word, in_quotes in several:
            if optional and word[0:1] in {"-", "+"} and not in_quotes:
                optional = self._option(word, options)
                continue
            optional = False
            if in_quotes:
                yield self.directive, word
            elif word[:1] in {'"', "'"}:
                yield from self._from_file(re.split("[\"']", word[1:])[0])
            elif self.reading.quoted_values and word.startswith("parameters("):
                yield from self._from_file(word[len("parameters(") :].strip("\"')"))
            else:
                yield self.directive, word

    def expressions(self, options: frozenset[str]) -> Iterator[tuple[str, bool]]:
        """Its regular expressions, each with whether case is ignored: `-i` and `+i` hold for those behind them."""
        if self.reading.quoted_values:
            raise self.directive.refused(
                "Squid reads no regular expression where `configuration_includes_quoted_values` is on"
            )
        several = list(patterns(self.directive.rest))[2:]
        ignoring = False
        while several and several[0].startswith(("-", "+")):
            option = several.pop(0)
            self._option(option, options)
            ignoring = {"-i": True, "+i": False}.get(option, ignoring)
        for word in several:
            found = [word]
            if word[0] in "\"'":
                found = [text for _, text in self._from_file(word.strip("\"'"))]
            for text in found:
                if text in {"-i", "+i"}:
                    ignoring = text == "-i"
                else:
                    yield text, ignoring

    def _option(self, word: str, options: frozenset[str]) -> bool:
        """Whether more may follow."""
        if word == "--":
            return False
        several = {f"{word[0]}{letter}" for letter in word[1:]}
        if word not in options and not (several and several <= options):
            raise self.directive.refused(f"Squid does not start with the option {quoted(word)} here")
        return True

    def _from_file(self, name: str) -> Iterator[tuple[Directive, str]]:
        path = self.reading.beside(self.directive, name)
        yield from ((Directive(path, line, self.directive.name, text), text) for line, text in file_lines(path))


def _expressions(line: Line) -> Iterator[Test]:
    of_type = {"dstdom_regex": {"-n"}, "ssl::server_name_regex": set[str]()}.get(line.type, set())
    minding: list[str] = []
    ignoring: list[str] = []
    for text, without_case in line.expressions(frozenset({"-i", "+i", *of_type})):
        try:
            read = _posix(text)
            expression(read, ignoring_case=without_case)
        except BadExpression:
            yield Assumed(f"{line.type} {quoted(text)}, which cannot be read as a regular expression")
            continue
        (ignoring if without_case else minding).append(read)
    if minding or ignoring:
        yield Expressions(tuple(minding), tuple(ignoring), whole_url=line.type == "url_regex")


def _posix(text: str) -> str:
    """GNU's extended syntax in that of RE2: a backslash before a letter that means nothing is no backslash.

    Raises:
        BadExpression: It refers back, which takes unbounded time.
    """
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", text):
        raise BadExpression(text)
    return re.sub(
        r"\\(.)",
        lambda found: {"<": r"\b", ">": r"\b", "`": "^", "'": "$"}.get(
            found[1], found[1] if found[1].isalnum() and found[1] not in "wWsSbB" else found[0]
        ),
        text,
    )


def _dst(line: Line) -> Iterator[Test]:
    networks: list[Network] = []
    for where, text in line.values(frozenset({"-n"})):
        try:
            networks += _networks(text)
        except ValueError:
            if re.fullmatch(r"[0-9a-fA-F.:]*(?:[-/][0-9a-fA-F.:/-]*)?", text):
                raise where.refused(f"{quoted(text)} is no address, network or range") from None
            yield Assumed(f"dst {quoted(text)}, a name that Squid resolves when it starts")
    if networks:
        yield Addresses(tuple(networks))


def _networks(text: str) -> list[Network]:
    match text:
        case "all":
            return [ip_network("0.0.0.0/0"), ip_network("::/0")]
        case "ipv4":
            return [ip_network("0.0.0.0/0")]
        case "ipv6":
            return [ip_network("::/0")]
    text, slash, mask = text.partition("/")
    first, dash, last = text.partition("-")
    if not dash:
        return [ip_network(text + slash + mask, strict=False)]
    low, high = ip_address(first), ip_address(last)
    if slash:
        high = ip_network(f"{last}/{mask}", strict=False)[-1]
        low = ip_network(f"{first}/{mask}", strict=False)[0]
    return list(summarize_address_range(low, high))


def _port(line: Line) -> Iterator[Test]:
    ports: list[Ports] = []
    for where, text in line.values():
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if first > last or last > _HIGHEST_PORT:
            raise where.refused(f"{quoted(text)} is no port and no range of ports: Squid does not start")
        if last:
            ports.append(Ports(Transport.TCP, max(first, 1), last))
    yield OnPorts(tuple(ports))


def _method(line: Line) -> Iterator[Test]:
    for _, text in line.values():
        yield Tunnelled(tunnel=text.upper() == "CONNECT")


def _step(_line: Line) -> Iterator[Test]:
    """Rules about TLS are asked when the ClientHello has come; what holds at other steps is asked then too."""
    yield ALWAYS


def _any_of(line: Line) -> Iterator[Test]:
    for _, word in line.values():
        yield Together((line.condition(word),))


def _all_of(line: Line) -> Iterator[Test]:
    yield Together(tuple(line.condition(word) for _, word in line.values()))


def _url_path(_line: Line) -> Iterator[Test]:
    """A tunnel has no path."""
    yield Tunnelled(tunnel=False)


FOLLOWED: Final[dict[str, Callable[[Line], Iterator[Test]]]] = {
    "dstdom_regex": _expressions,
    "ssl::server_name_regex": _expressions,
    "url_regex": _expressions,
    "dst": _dst,
    "port": _port,
    "method": _method,
    "at_step": _step,
    "any-of": _any_of,
    "all-of": _all_of,
    "urlpath_regex": _url_path,
}
