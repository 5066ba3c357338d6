"""The keys of vendor and site files: what pydantic checks, and what the JSON Schemas tell editors.

Knows one file at a time and only its shape; what the values refer to is checked in vendors.py and sites.py.
"""

from typing import Annotated

from pydantic import Field

from tierwall.loader.forms.form import Form
from tierwall.loader.forms.values import (
    AsnText,
    ConnectWord,
    DateText,
    DialectWord,
    DirectionWord,
    DnsModeWord,
    DnsText,
    FormatWord,
    Given,
    HostText,
    HttpWord,
    Id,
    NamesWord,
    NetworkText,
    OtherWord,
    PathText,
    PortsText,
    Prose,
    ProtocolWord,
    RuleEvidenceWord,
    RuleId,
    ServiceTierWord,
    SiteEvidenceWord,
    SocksWord,
    Some,
    Spelled,
    TierKey,
    TierWord,
    TlsWord,
    UdpWord,
    UrlText,
    VendorHostText,
    VendorVersion,
    Version,
    Word,
)
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Direction, Evidence
from tierwall.policy.site import DnsMode, Names


class CitedDocument(Form):
    """A document that facts are taken from."""

    title: Prose
    """The document's own title."""
    url: UrlText | None = None
    """Where the document can be read, where that is known."""
    retrieved: DateText | None = None
    """The day on which the document was read, such as 2026-11-27; lint warns after 180 days."""
    form: Word | None = None
    """The form in which `tierwall import` reads the document again, where it has one."""
    only: Some[Word] | None = None
    """Which of its rows are meant, as `tierwall import --only` spells it."""
    map: Word | None = None
    """The mapping file of `tierwall import --map`, relative to this file."""


class Citation(Form):
    """Where a fact stands."""

    document: Word
    """The short id of a document under `sources`."""
    section: Prose
    """The section's heading, as the document spells it."""


class ServiceForm(Form):
    """A function of the product that rules serve."""

    title: Prose
    """What the document calls it."""
    protocol: ProtocolWord
    """What it speaks, as far as a middlebox can tell it apart; `unspecified` where the document does not say."""
    tier: ServiceTierWord
    """How much breaks without it: `core`, `auxiliary`, `analytics`, or a word of `tier_words`."""
    symptom: Prose
    """What users see without it, in one or two sentences."""
    optional: bool = False
    """The document itself calls the service optional (a contract, a feature that may be off)."""
    source: Citation
    """Where the document describes it."""


class RuleForm(Form):
    """Hosts or networks and ports that serve one or more services."""

    id: RuleId
    """Stable and unique in the file: reports and sites name the rule by it."""
    hosts: Given[VendorHostText] | None = None
    """Exact names, or `*.` before one: any number of labels, never the name itself. Other `*` are within a label."""
    networks: Given[NetworkText] | None = None
    """Networks in CIDR notation; a plain address is a network of one."""
    anywhere: bool = False
    """`true` where the document asks for every destination: kept and shown, never admitted."""
    asns: Some[AsnText] | None = None
    """Autonomous systems that the document names where networks would stand, such as `AS64496`: `unspecified`."""
    paths: Some[PathText] | None = None
    """Paths that the document has behind the hosts, of which a network sees the hosts alone."""
    probe: Some[HostText] | None = None
    """Names that exist below the wildcards of `hosts`, for whoever tries whether they can be reached."""
    ports: Given[PortsText]
    """Transport and ports: `tcp/443`, `udp/49152-65535`, `tcp/any`."""
    direction: DirectionWord = Direction.EGRESS
    """`egress` out of the customer's network; `inbound` from the vendor to the customer."""
    services: Some[Word]
    """The services under `services` that need this rule."""
    evidence: RuleEvidenceWord = Evidence.STATED
    """`stated`: the document says so. `inferred`: it does not, but the product needs it, and `why` says why."""
    why: Prose | None = None
    """Why an inferred rule is needed although the document does not state it."""
    category: Prose | None = None
    """The document's own heading for it, such as `turn`."""
    region: Prose | None = None
    """Where the servers are, as the document says."""
    note: Prose | None = None
    """Anything that a reader of the rule should know."""
    optional: bool = False
    """The document itself calls the row optional."""
    source: Citation
    """Where the document states it, or what it was inferred from."""


class WayForm(Form):
    """Rules that together are enough."""

    title: Prose
    """What the document calls this way."""
    rules: Some[Word]
    """The rules that it needs."""


class ChoiceForm(Form):
    """Ways of which a network needs one."""

    ways: Annotated[list[WayForm], Field(min_length=2)]
    """The ways; where the site opens all rules of one, the others break nothing."""
    source: Citation
    """Where the document leaves the choice."""


class StepForm(Form):
    """A rung of a ladder."""

    title: Prose
    """What is tried, such as `UDP to the media servers`."""
    rules: Some[Word]
    """The rules by which it works."""
    remains: Prose | None = None
    """What users still notice where this is the best that works."""


class LadderForm(Form):
    """What a product falls back to."""

    steps: Annotated[list[StepForm], Field(min_length=2)]
    """The best first."""
    source: Citation
    """Where the document says so."""


class VendorFile(Form):
    """What one vendor's document asks a network to open."""

    version: VendorVersion
    """The version of this format: 2, or 1 of a file that needs nothing newer."""
    vendor: Id
    """The vendor's id, by which sites and reports name it."""
    title: Prose
    """The vendor's name, for people."""
    sources: Annotated[dict[Id, CitedDocument], Field(min_length=1)]
    """The documents that the facts are taken from, by a short id."""
    addresses_unusable: Prose | None = None
    """Why the document rules out allowlisting by address, where it does; lint upholds it."""
    tier_words: Annotated[dict[TierKey, TierWord], Field(min_length=1)] | None = None
    """The document's own words for how much is needed, such as `Required`, and the tier that each is taken for."""
    services: Annotated[dict[Id, ServiceForm], Field(min_length=1)]
    """The functions of the product, by id."""
    rules: Some[RuleForm]
    """What has to be open for them."""
    one_of: Annotated[dict[Id, ChoiceForm], Field(min_length=1)] | None = None
    """Alternatives, by id: a wildcard, say, or single names where wildcards are not possible."""
    fallback: Annotated[dict[Id, LadderForm], Field(min_length=1)] | None = None
    """Ladders of what the product tries one after the other, by id."""


class ListForm(Form):
    """The customer's own hosts or networks."""

    hosts: Some[Spelled] | None = None
    """Host patterns as the dialect spells them; in `literal` exact names, or `*.` before one."""
    networks: Some[NetworkText] | None = None
    """Networks in CIDR notation; needs `ports` where it admits."""
    file: Word | None = None
    """The customer's exported list, relative to this file: one host pattern a line, or what `format` says."""
    format: FormatWord | None = None
    """How the file is written; found out from the file where this is left out. `squid` is its configuration."""
    column: Word | None = None
    """The heading of the column that has the host patterns, of a CSV file."""
    acl: Word | None = None
    """Of a Squid configuration: the access list that is meant, instead of all that the configuration allows."""
    ports: Some[PortsText] | None = None
    """Transport and ports; hosts that are admitted have `tcp/443` where this is left out."""
    dialect: DialectWord | None = None
    """The product whose reading these host patterns get; the site's dialect where it is left out."""


class AdmitForm(ListForm):
    """Rules of the catalogue (`vendor`, `tiers`, `services`, `rules`), or the customer's own entries."""

    vendor: Word | None = None
    """Only rules of this vendor; every vendor's where it is left out."""
    tiers: Some[TierWord] | None = None
    """Only rules that serve a service of these tiers."""
    services: Some[Word] | None = None
    """Only rules that serve one of these services."""
    rules: Some[Word] | None = None
    """Only the rules of these ids."""


class RefuseForm(Form):
    """How denials look to clients, by what the client spoke."""

    connect: ConnectWord | None = None
    """How a denied CONNECT is answered; default 403."""
    http: HttpWord | None = None
    """How a denied plain HTTP request is answered; default `page`."""
    tls: TlsWord | None = None
    """How a denied ClientHello is answered; default `alert`. `page` inspects, so that clients must trust the lab CA."""
    socks: SocksWord | None = None
    """How a denied SOCKS5 request is answered; default `ruleset` (0x02); `failure` is 0x01."""
    dns: DnsText | None = None
    """How a denied name is answered where `dns: filter`; default `nxdomain`. Also `sinkhole 10.0.0.1`."""
    udp: UdpWord | None = None
    """Denied UDP is always dropped."""
    other: OtherWord | None = None
    """How anything else is refused; default `reset`."""


class SiteFile(Form):
    """One corporate network: what its allowlist admits, how it refuses, how its middleboxes behave."""

    version: Version
    """The version of this format."""
    site: Id
    """The site's id, as events and reports name it."""
    title: Prose | None = None
    """What is special about it, for people."""
    extends: Word | None = None
    """Start from another site: a name, or a path relative to this file. Lists here replace, behaviours add."""
    enforce: bool = True
    """`false` observes only: everything passes, and what would have been denied is written down."""
    admit: list[AdmitForm] = Field(default=[])
    """What gets through. An empty list admits nothing."""
    deny: list[ListForm] = Field(default=[])
    """What does not, whatever `admit` says; hosts without ports are denied on every port."""
    evidence: SiteEvidenceWord = Evidence.INFERRED
    """The least that is admitted of the vendors' rules."""
    dialect: DialectWord = Dialect.LITERAL
    """The product whose reading host patterns get, the vendors' too; what it rejects admits nothing."""
    refuse: RefuseForm = RefuseForm()
    """How denials look to clients."""
    dns: DnsModeWord = DnsMode.ANSWER
    """`answer`: names are judged when they are used. `filter`: denied names are refused in DNS already."""
    names: NamesWord = Names.TRUST
    """What is dialled where a client chose an address and only claims a name: `trust` dials it, `resolve` the name."""
    clients: list[NetworkText] | None = None
    """Who may use the proxy; loopback where it is left out, and in gateway modes the private ranges too."""
    behaviours: list[dict[str, object]] = Field(default=[])
    """What the middleboxes do to admitted traffic. They act in an order of their own, whatever stands first here."""
