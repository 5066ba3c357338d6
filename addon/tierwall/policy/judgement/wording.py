"""What people read of a verdict: one clause for each reason, saying what would have been needed.

Knows words only: nothing is decided here, and values are normalised already, so nothing is escaped.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, assert_never

from tierwall.policy.attempt import NameSource
from tierwall.policy.dialect import Dialect, mend
from tierwall.policy.match.coverage import Target
from tierwall.policy.match.index import Hit
from tierwall.policy.match.listed import Entry, rejected, spelling, title
from tierwall.policy.match.vendor_rules import VendorRule
from tierwall.policy.model import Address, Evidence, Ports

SELF_CONNECT: Final = "the destination is this proxy itself"
UNLISTED: Final = "the site does not list it and no vendor asks for it"

_PORTS_NAMED: Final = 6


def client_refused(client: Address) -> str:
    """Row 1."""
    return f"{client} is not among the site's clients"


def site_denied(hit: Hit[Entry], value: str | Address) -> str:
    """Row 4: the entry of `deny`, and which of the names or addresses it covers."""
    return f"{title(hit)} covers {value}"


def ruled_out(label: str, rule: object, value: str | None) -> str:
    """Row 4 of a configuration with rules: the line that decides of it."""
    return f"`{rule}` in {label} decides of {value}"


def port_ruled_out(label: str, rule: object, port: int) -> str:
    """Row 6 of a configuration with rules: the line that closes the port."""
    return f"`{rule}` in {label} decides of port {port}"


def name_mismatch(refused: Target, admitted: Target) -> str:
    """Row 5: `SNI evil.example is not admitted, CONNECT 8x8.vc is`."""
    return f"{_place(refused.source)} {refused.value} is not admitted, {_place(admitted.source)} {admitted.value} is"


def listed_with(hits: Iterable[Hit[Entry]]) -> str:
    """Row 6: the ports that the site's entries have instead."""
    return _listed_with(tuple([hit.payload for hit in hits]))


def asked_with(hits: Iterable[Hit[VendorRule]]) -> str:
    """Row 9: the ports that vendors ask for instead."""
    return _asked_with(tuple([hit.payload for hit in hits]))


@lru_cache(maxsize=1024)
def _listed_with(entries: tuple[Entry, ...]) -> str:
    return f"listed with {_ports(entry.ports for entry in entries)} only"


@lru_cache(maxsize=1024)
def _asked_with(rules: tuple[VendorRule, ...]) -> str:
    vendors = dict.fromkeys(each.vendor.id for each in rules)
    asks = "asks" if len(vendors) == 1 else "ask"
    return f"{', '.join(vendors)} {asks} for {_ports(each.rule.ports for each in rules)} only"


def entry_gap(hit: Hit[Entry], value: object) -> str:
    """Row 7: what the entry leaves out, and what to write beside it, as its dialect spells it."""
    dialect = hit.payload.dialect
    as_read = "" if dialect is Dialect.LITERAL else f" as `{dialect}` reads it"
    instead = mend(dialect, str(value), str(hit.base))
    if refusal := rejected(hit):
        return f"`{spelling(hit)}` covers nothing{as_read}: {refusal.why}; add `{instead}`"
    if dialect is Dialect.SQUID and instead == f".{spelling(hit)}":  # which does not start with both
        return f"`{spelling(hit)}`{as_read} does not cover {_left_out(hit)}; write `{instead}` in place of it"
    return f"`{spelling(hit)}`{as_read} does not cover {_left_out(hit)}; add `{instead}`"


def rule_gap(hit: Hit[VendorRule], value: object, dialect: Dialect) -> str:
    """Row 9: the same of a vendor's pattern, which is always read as literal; the site adds it in its own dialect."""
    pattern = f"*.{hit.base}" if hit.fewest else hit.base
    left_out, instead = _left_out(hit), mend(dialect, str(value))
    return f"{hit.payload.vendor.id} asks for `{pattern}`, which does not cover {left_out}; add `{instead}`"


def tier_closed(rules: Sequence[VendorRule], too_weak: frozenset[VendorRule], least: Evidence) -> str:
    """Row 8: the rule that the site leaves out, or selects and finds too weakly founded."""
    for rule in rules:
        if rule in too_weak:
            return f"{rule} is {rule.rule.evidence}, and the site admits nothing below {least}"
    worst = min(rules, key=lambda rule: rule.tier.severity)
    return f"{worst} ({worst.tier}) is not admitted"


def no_name(value: str | None) -> str:
    """Row 10."""
    return f"TLS without a server name{_in_no_network(value)}"


def address_only(value: str | None) -> str:
    """Row 11."""
    return f"no name was given{_in_no_network(value)}"


def protocol_closed(admitting: Hit[Entry] | None) -> str:
    """Row 13: what admits the destination, and for what."""
    by = "" if admitting is None else f" by {title(admitting)}"
    return f"it is admitted{by} for TLS and HTTP only, and neither is spoken"


def private_address(address: Address) -> str:
    """Row 14."""
    return f"{address} is private; admit its network, or point the name elsewhere with --resolve"


def _in_no_network(value: str | None) -> str:
    return "" if value is None else f", and {value} is in no admitted network"


def _left_out(hit: Hit[Entry] | Hit[VendorRule]) -> str:
    if hit.labels < hit.fewest:
        return "the apex" if hit.labels == 0 else f"fewer than {hit.fewest} labels before `{hit.base}`"
    labels = "label" if hit.most == 1 else "labels"
    return f"more than {hit.most} {labels} before `{hit.base}`" if hit.most else "names below it"


def _ports(several: Iterable[tuple[Ports, ...]]) -> str:
    distinct = list(dict.fromkeys(str(each) for ports in several for each in ports))
    more = ["…"] if len(distinct) > _PORTS_NAMED else []
    return ", ".join(distinct[:_PORTS_NAMED] + more)


def _place(source: NameSource) -> str:
    match source:
        case NameSource.CONNECT | NameSource.SOCKS | NameSource.SNI | NameSource.DNS:
            return source.value.upper()
        case NameSource.HOST:
            return "Host"
        case NameSource.ADDRESS:
            return "address"
        case _:
            assert_never(source)
