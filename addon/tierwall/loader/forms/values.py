"""The kinds of value in policy and site files, for pydantic: what is read, and what the JSON Schemas say.

Knows how one value is checked; which keys hold which kind is form.py's, and wrong shapes are pydantic_errors.py's.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from tierwall.loader import spelling
from tierwall.loader.faults import quoted, unknown
from tierwall.loader.lists.formats import ListFormat
from tierwall.loader.yaml.tree import NotText
from tierwall.policy.behaviour import BY_NAME
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Address, Direction, Evidence, Network, Ports, Protocol, Tier, Transport
from tierwall.policy.site import (
    ConnectRefusal,
    DnsMode,
    DnsRefusal,
    HttpRefusal,
    Names,
    OtherRefusal,
    SocksRefusal,
    TlsRefusal,
)

T = TypeVar("T")

UNSPECIFIED = "unspecified"
VENDOR_VERSIONS = (1, 2)
"""Of the format of vendor files that are read."""
SAID = "said"
"""The pydantic error type whose message is a whole sentence already."""


class Silence(StrEnum):
    """Denied UDP is always silent; a key says so for those who look for it."""

    DROP = "drop"


def said(sentence: str) -> PydanticCustomError:
    return PydanticCustomError(SAID, "{sentence}", {"sentence": sentence})


def read(parse: Callable[[str], object]) -> PlainValidator:
    """A text that `parse` turns into a value, or into a ValueError with the sentence."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        try:
            return parse(value)
        except ValueError as fault:
            raise said(str(fault)) from None

    return PlainValidator(validate)


def one_of(kind: type[StrEnum], what: str, *left_out: StrEnum) -> PlainValidator:
    """One of the enumeration's words; `403` needs no quotes."""
    known = {str(word): word for word in kind if word not in left_out}

    def validate(value: object) -> StrEnum:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        if value not in known:
            raise said(unknown(what, value, known))
        return known[value]

    return PlainValidator(validate)


def words_of(kind: type[StrEnum], *left_out: StrEnum) -> WithJsonSchema:
    known = [str(word) for word in kind if word not in left_out]
    return WithJsonSchema({"enum": [*known, *(int(word) for word in known if word.isdecimal())]})


def pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _ports(value: object) -> Ports:
    try:
        return spelling.ports(value)
    except TypeError:
        raise PydanticKnownError("string_type") from None
    except ValueError as fault:
        raise said(str(fault)) from None


def _version(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value == 1:
        return 1
    raise said("this release reads version 1: write `version: 1`")


def _vendor_version(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in VENDOR_VERSIONS:
        return value
    raise said("this release reads versions 1 and 2: write `version: 2`")


def _date(value: object) -> str:
    raw = value.raw if isinstance(value, NotText) else value
    if not isinstance(raw, str):
        raise PydanticKnownError("string_type")
    try:
        return spelling.day(raw)
    except ValueError as fault:
        raise said(str(fault)) from None


def _asn(value: object) -> int:
    try:
        return spelling.asn(str(value) if isinstance(value, int | str) else "")
    except ValueError as fault:
        raise said(str(fault)) from None


def _dns_refusal(raw: str) -> tuple[DnsRefusal, Address | None]:
    word, _, rest = raw.partition(" ")
    if word not in DnsRefusal:
        raise ValueError(unknown("refusal", word, tuple(DnsRefusal)))
    kind = DnsRefusal(word)
    if kind is DnsRefusal.SINKHOLE:
        return kind, spelling.sinkhole(rest.strip())
    if rest.strip():
        raise ValueError(f"{quoted(word)} takes nothing behind it, found {quoted(rest.strip())}")
    return kind, None


def _evidence(hint: str) -> PlainValidator:
    """`unspecified` is never written as evidence; the hint says what to do instead."""

    def parse(raw: str) -> Evidence:
        if raw == UNSPECIFIED:
            raise ValueError(hint)
        known = (Evidence.STATED, Evidence.INFERRED)
        if raw not in known:
            raise ValueError(unknown("evidence", raw, known))
        return Evidence(raw)

    return read(parse)


def _behaviour(raw: str) -> str:
    if raw not in BY_NAME:
        raise ValueError(unknown("behaviour", raw, tuple(BY_NAME)))
    return raw


def _form(value: object) -> str:
    return "word" if isinstance(value, str) else "list"


Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})]
VendorVersion = Annotated[int, PlainValidator(_vendor_version), WithJsonSchema({"enum": list(VENDOR_VERSIONS)})]
DateText = Annotated[str, PlainValidator(_date), pattern(spelling.DAY_PATTERN)]
AsnText = Annotated[int, PlainValidator(_asn), pattern(spelling.ASN_PATTERN)]
PathText = Annotated[str, read(spelling.path), pattern(spelling.PATH_PATTERN)]
Id = Annotated[str, read(spelling.identifier), pattern(spelling.ID_PATTERN)]
RuleId = Annotated[str, read(spelling.rule_identifier), pattern(spelling.RULE_ID_PATTERN)]
Word = Annotated[str, read(spelling.word), WithJsonSchema({"type": "string", "minLength": 1})]
Prose = Annotated[str, read(spelling.prose), WithJsonSchema({"type": "string", "minLength": 1})]
UrlText = Annotated[str, read(spelling.address_of_page), pattern(spelling.URL_PATTERN)]
PortsText = Annotated[Ports, PlainValidator(_ports), pattern(spelling.PORTS_PATTERN)]
NetworkText = Annotated[Network, read(spelling.network), pattern(r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$")]
Spelled = Annotated[str, read(str), pattern(spelling.SPELLED_PATTERN)]
"""A host pattern in a dialect that may stand elsewhere: entries.py checks it."""
HostText = Annotated[str, read(spelling.host), pattern(spelling.HOST_PATTERN)]
VendorHostText = Annotated[str, read(spelling.vendor_host), pattern(spelling.VENDOR_HOST_PATTERN)]

Some = Annotated[list[T], Field(min_length=1)]
Given = Annotated[
    Annotated[Some[T], Tag("list")] | Annotated[Literal["unspecified"], Tag("word")],
    Discriminator(_form),
]
"""A list, or the word `unspecified` where the document has the row but not the value."""

TierWord = Annotated[Tier, one_of(Tier, "tier", Tier.NONE), words_of(Tier, Tier.NONE)]
TierKey = Annotated[str, read(spelling.tier_word), pattern(spelling.TIER_WORD_PATTERN)]
"""A document's own word for a tier; ours begin with small letters, so that none can be taken for another."""
ServiceTierWord = Annotated[
    str,
    read(str),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [str(tier) for tier in Tier if tier is not Tier.NONE]},
                {"pattern": spelling.TIER_WORD_PATTERN},
            ]
        }
    ),
]
ProtocolWord = Annotated[Protocol, one_of(Protocol, "protocol"), words_of(Protocol)]
TransportWord = Annotated[Transport, one_of(Transport, "transport"), words_of(Transport)]
DirectionWord = Annotated[Direction, one_of(Direction, "direction"), words_of(Direction)]
RuleEvidenceWord = Annotated[
    Evidence,
    _evidence("write the value itself as `unspecified`, such as `ports: unspecified`; the rule's evidence follows"),
    words_of(Evidence, Evidence.UNSPECIFIED),
]
SiteEvidenceWord = Annotated[
    Evidence,
    _evidence("what is `unspecified` is never admitted (known: stated, inferred)"),
    words_of(Evidence, Evidence.UNSPECIFIED),
]
DialectWord = Annotated[Dialect, one_of(Dialect, "dialect"), words_of(Dialect)]
FormatWord = Annotated[ListFormat, one_of(ListFormat, "format"), words_of(ListFormat)]
DnsModeWord = Annotated[DnsMode, one_of(DnsMode, "DNS mode"), words_of(DnsMode)]
NamesWord = Annotated[Names, one_of(Names, "way with claimed names"), words_of(Names)]
ConnectWord = Annotated[ConnectRefusal, one_of(ConnectRefusal, "refusal"), words_of(ConnectRefusal)]
HttpWord = Annotated[HttpRefusal, one_of(HttpRefusal, "refusal"), words_of(HttpRefusal)]
TlsWord = Annotated[TlsRefusal, one_of(TlsRefusal, "refusal"), words_of(TlsRefusal)]
SocksWord = Annotated[SocksRefusal, one_of(SocksRefusal, "refusal"), words_of(SocksRefusal)]
OtherWord = Annotated[OtherRefusal, one_of(OtherRefusal, "refusal"), words_of(OtherRefusal)]
UdpWord = Annotated[Silence, one_of(Silence, "refusal"), words_of(Silence)]
DnsText = Annotated[
    tuple[DnsRefusal, Address | None],
    read(_dns_refusal),
    pattern(r"^(nxdomain|refused|drop|sinkhole [0-9A-Fa-f.:]+)$"),
]
BehaviourWord = Annotated[str, read(_behaviour), WithJsonSchema({"enum": list(BY_NAME)})]
