"""The form of a product's row in the table: what it can carry, its limits, the documents, and how it is written.

Knows no product; the rows are products.py's. A renderer gets a job and gives files; what it cannot say it gives back.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from tierwall.export.grant import Grant, List, by_ports
from tierwall.export.spelling import Form, Spelled, forms_of, spell
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport

WEB_PORTS: Final = (Ports(Transport.TCP, 80, 80), Ports(Transport.TCP, 443, 443))
"""Those of the traffic that a list without ports is held against."""


class ProductId(StrEnum):
    """What `--to` takes."""

    PAN_EDL = "pan-edl"
    PAN_SET = "pan-set"
    FORTIGATE = "fortigate"
    FORTIGATE_FEED = "fortigate-feed"
    CHECK_POINT = "check-point"
    CHECK_POINT_FEED = "check-point-feed"
    AWS_NETWORK_FIREWALL = "aws-network-firewall"
    AWS_SURICATA = "aws-network-firewall-suricata"
    AZURE_FIREWALL = "azure-firewall"
    NFTABLES = "nftables"
    DNSMASQ = "dnsmasq"
    SQUID = "squid"
    ZSCALER = "zscaler"
    UMBRELLA = "umbrella"
    CLOUDFLARE_GATEWAY = "cloudflare-gateway"
    CHROME_POLICY = "chrome-policy"
    FIREFOX_POLICY = "firefox-policy"
    PAC = "pac"
    CILIUM = "cilium"
    ISTIO = "istio"
    NETWORK_POLICY = "kubernetes-network-policy"
    TERRAFORM_PANOS = "terraform-panos"
    TERRAFORM_FORTIOS = "terraform-fortios"
    TERRAFORM_ZIA = "terraform-zia"
    TERRAFORM_AWS = "terraform-aws"
    TERRAFORM_AZURERM = "terraform-azurerm"
    TERRAFORM_CLOUDFLARE = "terraform-cloudflare"
    CSV = "csv"
    MARKDOWN = "markdown"
    JSON = "json"
    M365_JSON = "m365-json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carries:
    """What a product's syntax can say."""

    names: bool = True
    wildcards: bool = True
    networks: bool = False
    ipv6: bool = False
    ports: bool = False
    udp: bool = False
    """To networks."""
    udp_names: bool = False
    comments: bool = False
    denials: bool = False
    """What a site denies inside what it admits."""


NOTHING: Final = Carries(names=False, wildcards=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of something the product takes, as its document says."""

    most: int
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export."""

    suffix: str
    """Behind the export's name and the product: `.txt`, `-ip.txt`."""
    text: str
    says: str
    """What it is, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a product's renderer made of a job; the first file is the list itself."""

    files: tuple[File, ...]
    wider: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    left: tuple[tuple[Grant, str], ...] = ()
    notes: tuple[str, ...] = ()
    """What an administrator has to know besides; no difference between asked and said."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One list to be written for one product."""

    kind: List
    name: str
    """Of objects."""
    stem: str
    """Of files, without the suffix."""
    title: str
    head: tuple[str, ...]
    grants: tuple[Grant, ...]
    denied: tuple[Grant, ...] = ()

    @property
    def names(self) -> tuple[Grant, ...]:
        """Those that are host patterns."""
        return tuple(grant for grant in self.grants if grant.name is not None)

    @property
    def networks(self) -> tuple[Grant, ...]:
        """Those that are networks."""
        return tuple(grant for grant in self.grants if grant.network is not None)

    @property
    def summary(self) -> str:
        """One line for a description field."""
        return ascii_line("; ".join((self.title, *self.head[1:])))

    def header(self, entries: int, mark: str = "#") -> str:
        """The lines of a comment, with the number of entries."""
        return commented((*self.head, f"{entries} entr{'y' if entries == 1 else 'ies'}"), mark)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Product:
    """A row of the table."""

    title: str
    documents: tuple[str, ...]
    """What the syntax was read in."""
    carries: Carries
    render: Callable[[Job], Rendered]
    bypass: Carries | None = None
    """The same of its list of what is not decrypted; None where it has none."""
    inbound: bool = False
    """Whether it has a place for who calls: an object, a list or a table."""
    dialect: Dialect | None = None
    """How the product reads the names, where the loader knows it too."""
    forms: tuple[Form, ...] = ()
    """The same for a product that no dialect stands for."""
    remainder: ProductId | None = None
    """The product that can carry what this one cannot; None: the table for people."""
    limits: tuple[Limit, ...] = ()
    checked: str = "read in the documents only"
    """What an engine of the product says of the exports, where one can run."""
    unverified: tuple[str, ...] = ()
    """What no document that was found says."""
    labels: Callable[[str], str | None] | None = None
    """Why the product does not take a name; None where it does."""

    def carried(self, kind: List) -> Carries:
        """What it can say in that list; nothing where it has no such list."""
        match kind:
            case List.ALLOW:
                return self.carries
            case List.BYPASS:
                return self.bypass or NOTHING
            case List.INBOUND:
                return self.carries if self.inbound else NOTHING
            case _:
                assert_never(kind)

    @property
    def spellings(self) -> tuple[Form, ...]:
        """The forms of its spellings."""
        return self.forms or (() if self.dialect is None else forms_of(self.dialect))


class TooMany(ValueError):
    """More entries than the product takes, with both numbers."""


def spelled(dialect: Dialect, grants: Iterable[Grant]) -> Spelled:
    """Grants in that dialect."""
    return spell(forms_of(dialect), grants, dialect)


def check(limit: Limit, count: int) -> None:
    """Raises TooMany with the number."""
    if count > limit.most:
        raise TooMany(f"{count} {limit.what}, and the product takes {limit.most} ({limit.source})")


def ascii_line(text: str) -> str:
    """One line of printable ASCII: what a file says of itself must neither end a comment nor begin a line."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split())).encode("ascii", "ignore").decode()
    return "".join(c for c in plain if c.isprintable())


def commented(lines: Iterable[str], mark: str = "#") -> str:
    """Lines as a comment, each behind the mark."""
    return "".join(f"{mark} {ascii_line(line)}\n" for line in lines)


def ports_of(grants: Iterable[Grant]) -> str:
    """Which ports the grants need, in words: for lists that have none."""
    groups = [(", ".join(map(str, ports)) or "not said", len(some)) for ports, some in by_ports(grants)]
    return "; ".join(f"{ports} ({count} entr{'y' if count == 1 else 'ies'})" for ports, count in groups)
