"""What one line of the journal holds: Elastic Common Schema 8.17 field names as frozen values.

The attribute names are the JSON names (`@timestamp` alone is spelled otherwise); None is left out of the line.
Values are cut to their limits by build.py; nothing here checks or renders.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from tierwall import __version__
from tierwall.events.enums import Action, Category, ClosedBy, Kind, NetworkProtocol, Stage, Type
from tierwall.policy.attempt import NameSource, Reason
from tierwall.policy.model import Tier, Transport
from tierwall.policy.value import value

type Port = Annotated[int, Field(ge=0, le=65535)]
type Count = Annotated[int, Field(ge=0)]


class _WrittenAsText:
    """Writes a StrEnum as the text that it is; pydantic's way by `.value` is ten times slower."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", {**handler(source), "serialization": core_schema.simple_ser_schema("str")})


_E = TypeVar("_E", bound=StrEnum)
Text = Annotated[_E, _WrittenAsText()]
# No `type` statement: pydantic would write each use of it as a definition of its own into the schema.


@value
class Ecs:
    """The version of the field names."""

    version: Literal["8.17.0"] = "8.17.0"


@value
class Observer:
    """Who writes."""

    product: str = "tierwall"
    version: str = __version__


@value
class EventFields:
    """ECS `event`."""

    kind: Text[Kind] = Kind.EVENT
    category: tuple[Text[Category], ...]
    type: tuple[Text[Type], ...]
    action: Text[Action]
    reason: Text[Reason] | None = None
    id: str
    duration: Annotated[Count | None, Field(description="Nanoseconds that the tunnel stood.")] = None


@value
class Source:
    """The client."""

    ip: str
    port: Port | None = None
    bytes: Annotated[Count | None, Field(description="Octets that the client sent through the tunnel.")] = None


@value
class Destination:
    """Where the client wants to go: the name that decided, and the address where one is known."""

    domain: str | None = None
    ip: str | None = None
    port: Port
    bytes: Annotated[Count | None, Field(description="Octets that the server sent through the tunnel.")] = None


@value
class Network:
    """ECS `network`."""

    transport: Text[Transport]
    protocol: Text[NetworkProtocol] | None = None


@value
class TlsClient:
    """What the ClientHello says."""

    server_name: str


@value
class Tls:
    """ECS `tls`."""

    client: TlsClient


@value
class Url:
    """The requested URL: without credentials and fragment, its query redacted unless it was asked for."""

    full: str


@value
class HttpRequest:
    """ECS `http.request`."""

    method: str


@value
class Http:
    """ECS `http`."""

    request: HttpRequest


@value
class UserAgent:
    """ECS `user_agent`."""

    original: str


@value
class Error:
    """What went wrong, in one sentence or more."""

    message: str


@value
class Rule:
    """The catalogue rule that leads: id, vendor and tier. Absent where no vendor asks for the destination."""

    name: str
    ruleset: str
    category: Text[Tier]


@value
class Break:
    """A service that a denial breaks (`breaks`) or that a rule close by serves (`near`)."""

    vendor: str
    service: str
    tier: Text[Tier]
    rule: str
    symptom: str


@value
class Tierwall:
    """What ECS has no name for."""

    tier: Text[Tier] = Tier.NONE
    site: str | None = None
    stage: Text[Stage]
    name_source: Text[NameSource] | None = None
    refusal: Annotated[str | None, Field(description="What the client saw: 403, alert, reset, …")] = None
    detail: Annotated[str | None, Field(description="One clause: what came close, which name was refused.")] = None
    admitted_by: str | None = None
    behaviour: str | None = None
    closed_by: Text[ClosedBy] | None = None
    breaks: tuple[Break, ...] = ()
    near: tuple[Break, ...] = ()
    breaks_cut: Annotated[
        int | None, Field(ge=1, description="How many of `near` and `breaks` were left out for the line's length.")
    ] = None


@value
class Event:
    """One line of the journal."""

    timestamp: Annotated[
        str,
        Field(
            alias="@timestamp",
            pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$",
            json_schema_extra={"format": "date-time"},
            description="When it happened, in UTC.",
        ),
    ]
    ecs: Ecs = Ecs()
    event: EventFields
    source: Source | None = None
    destination: Destination | None = None
    network: Network | None = None
    tls: Tls | None = None
    url: Url | None = None
    http: Http | None = None
    user_agent: UserAgent | None = None
    rule: Rule | None = None
    error: Error | None = None
    observer: Observer = Observer()
    tierwall: Tierwall

    @property
    def when(self) -> datetime:
        """The timestamp, aware, in UTC."""
        return datetime.fromisoformat(self.timestamp)

    # What sinks ask of every event. A Draft (line_template.py) knows it at once.

    @property
    def action(self) -> Action:
        """What happened."""
        return self.event.action

    @property
    def site(self) -> str | None:
        """Where."""
        return self.tierwall.site

    @property
    def sent(self) -> int:
        """Octets that the client sent through the tunnel."""
        return (self.source and self.source.bytes) or 0

    @property
    def received(self) -> int:
        """Octets that the server sent through the tunnel."""
        return (self.destination and self.destination.bytes) or 0

    @property
    def like(self) -> "Event":
        """An event that differs in nothing but time, id, client and counts, and is there whole."""
        return self

    @property
    def line(self) -> bytes | None:
        """Its line, where that was there before the event."""
        return None
