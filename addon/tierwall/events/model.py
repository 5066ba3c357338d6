"""What one line of the journal holds: Elastic Common Schema 8.17 field names as frozen values.

The attribute names are the JSON names (`@timestamp` alone is spelled otherwise); what is absent is None, a default, and
left out of the line. msgspec's structs are made and written in a few microseconds, which a proxy pays for each tunnel.
Values are cut to their limits by build.py and field_sets.py; nothing here checks or renders.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from tierwall.events.enums import Action, Category, ClosedBy, Kind, NetworkProtocol, Stage, Type
from tierwall.policy.attempt import NameSource, Reason
from tierwall.policy.model import Tier, Transport

type Port = Annotated[int, Meta(ge=0, le=65535)]
type Count = Annotated[int, Meta(ge=0)]


class Ecs(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The version of the field names."""

    version: Literal["8.17.0"]


class Observer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who writes."""

    product: str
    version: str


class EventFields(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `event`."""

    kind: Kind
    category: tuple[Category, ...]
    type: tuple[Type, ...]
    action: Action
    reason: Reason | None = None
    id: str
    duration: Annotated[Count | None, Meta(description="Nanoseconds that the tunnel stood.")] = None


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The client."""

    ip: str
    port: Port | None = None
    bytes: Annotated[Count | None, Meta(description="Octets that the client sent through the tunnel.")] = None


class Nat(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `destination.nat`."""

    ip: str


class Destination(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where the client wants to go: the name that decided, and the address where one is known."""

    domain: str | None = None
    ip: Annotated[str | None, Meta(description="The address that the client chose, else what was dialled.")] = None
    nat: Annotated[Nat | None, Meta(description="What was dialled in the chosen address's place.")] = None
    port: Port
    bytes: Annotated[Count | None, Meta(description="Octets that the server sent through the tunnel.")] = None


class Network(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `network`."""

    transport: Transport
    protocol: NetworkProtocol | None = None


class TlsClient(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the ClientHello says."""

    server_name: str


class Tls(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `tls`."""

    client: TlsClient


class Url(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requested URL: without credentials and fragment, its query redacted unless it was asked for."""

    full: str


class HttpRequest(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `http.request`."""

    method: str


class Http(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `http`."""

    request: HttpRequest


class UserAgent(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """ECS `user_agent`."""

    original: str


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What went wrong, in one sentence or more."""

    message: str


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The catalogue rule that leads: id, vendor and tier. Absent where no vendor asks for the destination."""

    name: str
    ruleset: str
    category: Tier


class Break(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service that a denial breaks (`breaks`) or that a rule close by serves (`near`)."""

    vendor: str
    service: str
    tier: Tier
    rule: str
    symptom: str


class Tierwall(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What ECS has no name for."""

    tier: Tier
    site: str | None = None
    revision: Annotated[str | None, Meta(description="Of the bundle that the site in force came in.")] = None
    stage: Stage
    name_source: NameSource | None = None
    refusal: Annotated[str | None, Meta(description="What the client saw: 403, alert, reset, …")] = None
    detail: Annotated[str | None, Meta(description="One clause: what came close, which name was refused.")] = None
    admitted_by: str | None = None
    behaviour: str | None = None
    closed_by: ClosedBy | None = None
    breaks: tuple[Break, ...]
    near: tuple[Break, ...]
    breaks_cut: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How many of `near` and `breaks` were left out for the line's length."),
    ] = None


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of the journal."""

    timestamp: Annotated[
        str,
        Meta(
            pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$",
            description="When it happened, in UTC.",
            extra_json_schema={"format": "date-time"},
        ),
    ] = field(name="@timestamp")
    ecs: Ecs
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
    message: Annotated[str | None, Meta(description="What somebody noted, where the action is `marked`.")] = None
    observer: Observer
    tierwall: Tierwall

    @property
    def when(self) -> datetime:
        """The timestamp, aware, in UTC."""
        return datetime.fromisoformat(self.timestamp)

    @property
    def action(self) -> Action:
        """What happened."""
        return self.event.action
