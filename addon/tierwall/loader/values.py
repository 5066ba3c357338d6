"""The kinds of value in policy and site files, for pydantic: what is read, and what the JSON Schemas say.

Knows how one value is checked; which keys hold which kind is forms.py's, and wrong shapes are complaints.py's.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from tierwall.loader import spelling
from tierwall.loader.exports import ListFormat
from tierwall.loader.faults import quoted, unknown
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Address, Direction, Evidence, Network, Ports, Protocol, Tier
from tierwall.policy.site import (
    ConnectRefusal,
    DnsMode,
    DnsRefusal,
    HttpRefusal,
    OtherRefusal,
    SocksRefusal,
    TlsRefusal,
)

T = TypeVar("T")

UNSPECIFIED = "unspecified"
SAID = "said"
"""The pydantic error type whose message is a whole sentence already."""


class BehaviourName(StrEnum):
    """What middleboxes can do in this release."""

    TLS_INSPECTION = "tls-inspection"


class Silence(StrEnum):
    """Denied UDP is always silent; a key says so for those who look for it."""

    DROP = "drop"


def _said(sentence: str) -> PydanticCustomError:
    return PydanticCustomError(SAID, "{sentence}", {"sentence": sentence})


def _read(parse: Callable[[str], object]) -> PlainValidator:
    """A text that `parse` turns into a value, or into a ValueError with the sentence."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        try:
            return parse(value)
        except ValueError as fault:
            raise _said(str(fault)) from None

    return PlainValidator(validate)


def _word(kind: type[StrEnum], what: str, *left_out: StrEnum) -> PlainValidator:
    """One of the enumeration's words; `403` needs no quotes."""
    known = {str(word): word for word in kind if word not in left_out}

    def validate(value: object) -> StrEnum:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        if value not in known:
            raise _said(unknown(what, value, known))
        return known[value]

    return PlainValidator(validate)


def _words(kind: type[StrEnum], *left_out: StrEnum) -> WithJsonSchema:
    known = [str(word) for word in kind if word not in left_out]
    return WithJsonSchema({"enum": [*known, *(int(word) for word in known if word.isdecimal())]})


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _ports(value: object) -> Ports:
    try:
        return spelling.ports(value)
    except TypeError:
        raise PydanticKnownError("string_type") from None
    except ValueError as fault:
        raise _said(str(fault)) from None


def _version(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value == 1:
        return 1
    raise _said("this release reads version 1: write `version: 1`")


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

    return _read(parse)


def _form(value: object) -> str:
    return "word" if isinstance(value, str) else "list"


Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})]
Id = Annotated[str, _read(spelling.identifier), _pattern(spelling.ID_PATTERN)]
RuleId = Annotated[str, _read(spelling.rule_identifier), _pattern(spelling.RULE_ID_PATTERN)]
Word = Annotated[str, _read(spelling.word), WithJsonSchema({"type": "string", "minLength": 1})]
Prose = Annotated[str, _read(spelling.prose), WithJsonSchema({"type": "string", "minLength": 1})]
UrlText = Annotated[str, _read(spelling.address_of_page), _pattern(spelling.URL_PATTERN)]
PortsText = Annotated[Ports, PlainValidator(_ports), _pattern(spelling.PORTS_PATTERN)]
NetworkText = Annotated[Network, _read(spelling.network), _pattern(r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$")]
Spelled = Annotated[str, _read(str), _pattern(spelling.SPELLED_PATTERN)]
"""A host pattern in a dialect that may stand elsewhere: entries.py checks it."""
HostText = Annotated[str, _read(spelling.host), _pattern(spelling.HOST_PATTERN)]

Some = Annotated[list[T], Field(min_length=1)]
Given = Annotated[
    Annotated[Some[T], Tag("list")] | Annotated[Literal["unspecified"], Tag("word")],
    Discriminator(_form),
]
"""A list, or the word `unspecified` where the document has the row but not the value."""

TierWord = Annotated[Tier, _word(Tier, "tier", Tier.NONE), _words(Tier, Tier.NONE)]
ProtocolWord = Annotated[Protocol, _word(Protocol, "protocol"), _words(Protocol)]
DirectionWord = Annotated[Direction, _word(Direction, "direction"), _words(Direction)]
RuleEvidenceWord = Annotated[
    Evidence,
    _evidence("write the value itself as `unspecified`, such as `ports: unspecified`; the rule's evidence follows"),
    _words(Evidence, Evidence.UNSPECIFIED),
]
SiteEvidenceWord = Annotated[
    Evidence,
    _evidence("what is `unspecified` is never admitted (known: stated, inferred)"),
    _words(Evidence, Evidence.UNSPECIFIED),
]
DialectWord = Annotated[Dialect, _word(Dialect, "dialect"), _words(Dialect)]
FormatWord = Annotated[ListFormat, _word(ListFormat, "format"), _words(ListFormat)]
DnsModeWord = Annotated[DnsMode, _word(DnsMode, "DNS mode"), _words(DnsMode)]
ConnectWord = Annotated[ConnectRefusal, _word(ConnectRefusal, "refusal"), _words(ConnectRefusal)]
HttpWord = Annotated[HttpRefusal, _word(HttpRefusal, "refusal"), _words(HttpRefusal)]
TlsWord = Annotated[TlsRefusal, _word(TlsRefusal, "refusal"), _words(TlsRefusal)]
SocksWord = Annotated[SocksRefusal, _word(SocksRefusal, "refusal"), _words(SocksRefusal)]
OtherWord = Annotated[OtherRefusal, _word(OtherRefusal, "refusal"), _words(OtherRefusal)]
UdpWord = Annotated[Silence, _word(Silence, "refusal"), _words(Silence)]
DnsText = Annotated[
    tuple[DnsRefusal, Address | None],
    _read(_dns_refusal),
    _pattern(r"^(nxdomain|refused|drop|sinkhole [0-9A-Fa-f.:]+)$"),
]
BehaviourWord = Annotated[BehaviourName, _word(BehaviourName, "behaviour"), _words(BehaviourName)]
