"""The table of formats, and which of them a file is in, by its first lines.

Knows names and looks; reading is the modules'. A line looks like one format at most, and a test holds that.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tierwall.policy.dialect import Dialect
from tierwall.records import distinct, elff, own_journal
from tierwall.records.elff import ElffReader
from tierwall.records.firewalls import azure_firewall, check_point, fortinet, google_cloud, pan_os, sophos
from tierwall.records.observers import capture, eve, har, proxifier, zeek
from tierwall.records.observers.zeek import ZeekReader
from tierwall.records.proxies import (
    barracuda,
    blue_coat,
    cisco_wsa,
    envoy,
    forcepoint,
    haproxy,
    iboss,
    netskope,
    skyhigh,
    squid,
    squid_logformat,
    zscaler,
)
from tierwall.records.reading import Format, LineFormat, LineReader, WholeFormat
from tierwall.records.resolvers import adguard, cloudflare, dnsmasq, umbrella

LINES: Final[tuple[LineFormat, ...]] = (
    LineFormat(
        id="squid",
        title="Squid access.log, native",
        looks=squid.looks_like_squid,
        reader=lambda: squid.read_squid,
        rows=squid.SquidRows(),
        dialect=Dialect.SQUID,
    ),
    LineFormat(
        id="squid-common",
        title="Squid access.log, common and combined",
        looks=squid_logformat.looks_like_common,
        reader=lambda: squid_logformat.read_common,
        dialect=Dialect.SQUID,
    ),
    LineFormat(
        id="elff",
        title="W3C extended log format (ProxySG)",
        looks=elff.looks_like_elff,
        reader=ElffReader,
        headed=True,
    ),
    LineFormat(
        id="bluecoat-kv",
        title="ProxySG, key=value",
        looks=blue_coat.looks_like_pairs,
        reader=lambda: blue_coat.read_pairs,
    ),
    LineFormat(
        id="bluecoat-main",
        title="ProxySG, bcreportermain_v1",
        looks=blue_coat.looks_like_main,
        reader=lambda: blue_coat.read_main,
    ),
    LineFormat(
        id="zscaler",
        title="Zscaler NSS web log, JSON",
        looks=zscaler.looks_like_nss,
        reader=lambda: zscaler.read_nss,
        dialect=Dialect.ZSCALER,
    ),
    LineFormat(
        id="zscaler-csv",
        title="Zscaler NSS web log, CSV",
        looks=zscaler.looks_like_nss_csv,
        reader=lambda: zscaler.read_nss_csv,
        dialect=Dialect.ZSCALER,
    ),
    LineFormat(
        id="pan-os",
        title="PAN-OS TRAFFIC and THREAT/url",
        looks=pan_os.looks_like_pan_os,
        reader=lambda: pan_os.read_pan_os,
        dialect=Dialect.PAN_OS,
    ),
    LineFormat(
        id="fortigate",
        title="FortiGate traffic and UTM",
        looks=fortinet.looks_like_fortinet,
        reader=lambda: fortinet.read_fortinet,
        dialect=Dialect.FORTINET,
    ),
    LineFormat(
        id="check-point",
        title="Check Point Log Exporter",
        looks=check_point.looks_like_check_point,
        reader=lambda: check_point.read_check_point,
        dialect=Dialect.CHECK_POINT,
    ),
    LineFormat(
        id="umbrella",
        title="Cisco Umbrella proxy and DNS, CSV",
        looks=umbrella.looks_like_umbrella,
        reader=lambda: umbrella.read_umbrella,
        dialect=Dialect.UMBRELLA,
    ),
    LineFormat(
        id="cisco-wsa",
        title="Cisco Secure Web Appliance access log",
        looks=cisco_wsa.looks_like_wsa,
        reader=lambda: cisco_wsa.read_wsa,
    ),
    LineFormat(
        id="skyhigh",
        title="Skyhigh (McAfee) web gateway",
        looks=skyhigh.looks_like_skyhigh,
        reader=lambda: skyhigh.read_skyhigh,
    ),
    LineFormat(
        id="forcepoint",
        title="Forcepoint Web Security, CEF",
        looks=forcepoint.looks_like_forcepoint,
        reader=lambda: forcepoint.read_forcepoint,
    ),
    LineFormat(
        id="sophos",
        title="Sophos Firewall",
        looks=sophos.looks_like_sophos,
        reader=lambda: sophos.read_sophos,
    ),
    LineFormat(
        id="netskope",
        title="Netskope events, JSON",
        looks=netskope.looks_like_netskope,
        reader=lambda: netskope.read_netskope,
    ),
    LineFormat(
        id="barracuda",
        title="Barracuda Web Security Gateway",
        looks=barracuda.looks_like_barracuda,
        reader=lambda: barracuda.read_barracuda,
    ),
    LineFormat(
        id="iboss",
        title="iboss web log, JSON",
        looks=iboss.looks_like_iboss,
        reader=lambda: iboss.read_iboss,
    ),
    LineFormat(
        id="cloudflare",
        title="Cloudflare Gateway, JSON",
        looks=cloudflare.looks_like_cloudflare,
        reader=lambda: cloudflare.read_cloudflare,
    ),
    LineFormat(
        id="eve",
        title="Suricata EVE and AWS Network Firewall",
        looks=eve.looks_like_eve,
        reader=lambda: eve.read_eve,
        dialect=Dialect.AWS_NETWORK_FIREWALL,
    ),
    LineFormat(
        id="azure-firewall",
        title="Azure Firewall, JSON",
        looks=azure_firewall.looks_like_azure,
        reader=lambda: azure_firewall.read_azure,
        dialect=Dialect.AZURE_FIREWALL,
    ),
    LineFormat(
        id="google-cloud",
        title="Google Cloud firewall, Secure Web Proxy, DNS",
        looks=google_cloud.looks_like_google_cloud,
        reader=lambda: google_cloud.read_google_cloud,
    ),
    LineFormat(
        id="zeek",
        title="Zeek conn, ssl, http and dns",
        looks=zeek.looks_like_zeek,
        reader=ZeekReader,
        headed=True,
    ),
    LineFormat(
        id="envoy",
        title="Envoy access log, JSON",
        looks=envoy.looks_like_envoy,
        reader=lambda: envoy.read_envoy,
    ),
    LineFormat(
        id="haproxy",
        title="HAProxy",
        looks=haproxy.looks_like_haproxy,
        reader=lambda: haproxy.read_haproxy,
    ),
    LineFormat(
        id="dnsmasq",
        title="dnsmasq and Pi-hole",
        looks=dnsmasq.looks_like_dnsmasq,
        reader=lambda: dnsmasq.read_dnsmasq,
    ),
    LineFormat(
        id="adguard",
        title="AdGuard Home query log",
        looks=adguard.looks_like_adguard,
        reader=lambda: adguard.read_adguard,
    ),
    LineFormat(
        id="proxifier",
        title="Proxifier",
        looks=proxifier.looks_like_proxifier,
        reader=lambda: proxifier.read_proxifier,
    ),
    LineFormat(
        id="tierwall",
        title="tierwall journal",
        looks=own_journal.looks_like_journal,
        reader=lambda: own_journal.read_journal_line,
    ),
    LineFormat(
        id="distinct",
        title="distinct destinations with counts",
        looks=distinct.looks_like_distinct,
        reader=lambda: distinct.read_distinct,
    ),
)
"""Formats whose records are lines."""

WHOLE: Final[tuple[WholeFormat, ...]] = (
    WholeFormat(id="har", title="HAR archive", looks=har.looks_like_har, read=har.read_har),
    WholeFormat(id="pcap", title="packet capture", looks=capture.looks_like_capture, read=capture.read_capture),
)
"""Formats whose file is one document or stream; asked before those of lines."""

FORMATS: Final[dict[str, Format]] = {**{each.id: each for each in LINES}, **{each.id: each for each in WHOLE}}


def format_of_line(line: str) -> LineFormat | None:
    """The format that the line looks like."""
    return next((each for each in LINES if each.looks(line)), None)


def format_of_lines(lines: Iterable[str]) -> LineFormat | None:
    """The format that most of the lines look like; None where none looks like any."""
    found = Counter(each.id for line in lines if (each := format_of_line(line)) is not None)
    if not found:
        return None
    ((best, _),) = found.most_common(1)
    return next(each for each in LINES if each.id == best)


def format_of_octets(head: bytes) -> WholeFormat | None:
    """The format of a file that is no log of lines, by how it begins."""
    return next((each for each in WHOLE if each.looks(head)), None)


def custom(declared: str) -> LineFormat:
    """What a `logformat` line of squid.conf declares. Raises squid_logformat.InvalidLogformat."""
    read: LineReader = squid_logformat.logformat(declared)
    return LineFormat(
        id="logformat",
        title="Squid access.log, as --logformat declares",
        looks=lambda _: True,
        reader=lambda: read,
        dialect=Dialect.SQUID,
    )
