"""How a customer's list may be written, and how a site says so.

Knows the names of formats and the dialects that they bring along; how one is found out is sniffing.py's.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tierwall.policy.dialect import Dialect


class ListFormat(StrEnum):
    """How a list's file is written."""

    PLAIN = "plain"
    SQUID = "squid"
    EDL = "edl"
    CHROME_JSON = "chrome-json"
    FIREFOX_JSON = "firefox-json"
    CSV = "csv"
    FORTIOS = "fortios"
    PAN_SET = "pan-set"
    PAN_XML = "pan-xml"
    AZURE_JSON = "azure-json"
    BICEP = "bicep"
    AWS_JSON = "aws-json"
    SURICATA = "suricata"
    ZSCALER_JSON = "zscaler-json"
    MGMT_CLI = "mgmt-cli"
    TERRAFORM = "terraform"
    PAC = "pac"


@dataclass(frozen=True, slots=True)
class Export:
    """A list's file, and how the site says that it is to be read."""

    path: Path
    dialect: Dialect = Dialect.LITERAL
    format: ListFormat | None = None
    """None: what the file itself looks like."""
    column: str | None = None
    """Of a CSV file."""
    acl: str | None = None
    """Of a Squid configuration: the access list that is meant, instead of what the configuration allows."""


DIALECTS: Final[dict[ListFormat, Dialect]] = {
    ListFormat.SQUID: Dialect.SQUID,
    ListFormat.CHROME_JSON: Dialect.CHROME_POLICY,
    ListFormat.FIREFOX_JSON: Dialect.FIREFOX_POLICY,
    ListFormat.FORTIOS: Dialect.FORTINET,
    ListFormat.PAN_SET: Dialect.PAN_OS,
    ListFormat.PAN_XML: Dialect.PAN_OS,
    ListFormat.AZURE_JSON: Dialect.AZURE_FIREWALL,
    ListFormat.BICEP: Dialect.AZURE_FIREWALL,
    ListFormat.AWS_JSON: Dialect.AWS_NETWORK_FIREWALL,
    ListFormat.SURICATA: Dialect.AWS_NETWORK_FIREWALL,
    ListFormat.ZSCALER_JSON: Dialect.ZSCALER,
    ListFormat.MGMT_CLI: Dialect.CHECK_POINT,
}
"""The reading that a product's own format brings along, where the site says no other."""
