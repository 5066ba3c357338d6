"""The address lists of clouds: Google's goog.json and cloud.json (www.gstatic.com/ipranges), AWS's ip-ranges.json
(docs.aws.amazon.com, "AWS IP address ranges"), Cloudflare's (api.cloudflare.com/client/v4/ips).

Knows three JSON forms. They say which service and region a network is of, and no ports.
"""

import json
import re
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tierwall.importing.destinations import without_overlaps
from tierwall.importing.rows import Reading, Row, Served, UnreadableDocument
from tierwall.policy.model import Network

_NO_PORTS: Final = "the list says no ports: write those that the vendor's page has, or leave them `unspecified`"


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _GooglePrefix(_Json):
    ipv4: str | None = Field(default=None, alias="ipv4Prefix")
    ipv6: str | None = Field(default=None, alias="ipv6Prefix")
    service: str | None = None
    scope: str | None = None


class _Google(_Json):
    prefixes: list[_GooglePrefix]


class _AwsPrefix(_Json):
    ipv4: str | None = Field(default=None, alias="ip_prefix")
    ipv6: str | None = Field(default=None, alias="ipv6_prefix")
    region: str
    service: str
    border: str | None = Field(default=None, alias="network_border_group")


class _Aws(_Json):
    prefixes: list[_AwsPrefix]
    ipv6_prefixes: list[_AwsPrefix] = []


class _CloudflareResult(_Json):
    ipv4: list[str] = Field(alias="ipv4_cidrs")
    ipv6: list[str] = Field(alias="ipv6_cidrs")


class _Cloudflare(_Json):
    result: _CloudflareResult


def google_recognises(text: str) -> bool:
    """goog.json and cloud.json."""
    return '"ipv4Prefix"' in text[:4000] or '"ipv6Prefix"' in text[:4000]


def aws_recognises(text: str) -> bool:
    """ip-ranges.json."""
    return '"ip_prefix"' in text[:4000]


def cloudflare_recognises(text: str) -> bool:
    """The answer of the API; its text lists are plain lists."""
    return '"ipv4_cidrs"' in text[:4000]


def read_google(text: str) -> Reading:
    """A row for each service and scope; goog.json has neither. Raises UnreadableDocument."""
    groups: dict[tuple[str, str], list[Network]] = {}
    for each in _model(_Google, text).prefixes:
        for spelled in (each.ipv4, each.ipv6):
            if spelled is not None:
                groups.setdefault((each.service or "Google", each.scope or ""), []).append(_network(spelled))
    return _reading(groups, "scope")


def read_aws(text: str) -> Reading:
    """A row for each service and region. AWS lists most networks under AMAZON too. Raises UnreadableDocument."""
    document = _model(_Aws, text)
    groups: dict[tuple[str, str], list[Network]] = {}
    for each in (*document.prefixes, *document.ipv6_prefixes):
        for spelled in (each.ipv4, each.ipv6):
            if spelled is not None:
                groups.setdefault((each.service, each.region), []).append(_network(spelled))
    return _reading(groups, "region")


def read_cloudflare(text: str) -> Reading:
    """A row for each family. Raises UnreadableDocument."""
    result = _model(_Cloudflare, text).result
    return _reading(
        {
            ("Cloudflare", "ipv4"): [_network(spelled) for spelled in result.ipv4],
            ("Cloudflare", "ipv6"): [_network(spelled) for spelled in result.ipv6],
        },
        "family",
    )


def _model[M: _Json](kind: Callable[..., M], text: str) -> M:
    try:
        return kind(**json.loads(text))
    except json.JSONDecodeError as fault:
        raise UnreadableDocument(f"line {fault.lineno}: is not JSON: {fault.msg}") from None
    except (TypeError, ValidationError) as fault:
        said = fault.errors(include_url=False)[0] if isinstance(fault, ValidationError) else None
        where = ".".join(map(str, said["loc"])) if said else "at its top"
        raise UnreadableDocument(f"{where}: {said['msg'] if said else 'expected an object'}") from None


def _network(spelled: str) -> Network:
    try:
        return ip_network(spelled)
    except ValueError as fault:
        raise UnreadableDocument(str(fault)) from None


def _reading(groups: dict[tuple[str, str], list[Network]], inner: str) -> Reading:
    if not groups:
        raise UnreadableDocument("has no networks")
    return Reading(rows=tuple(_row(service, part, inner, networks) for (service, part), networks in groups.items()))


def _row(service: str, part: str, inner: str, networks: Iterable[Network]) -> Row:
    name = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-")
    return Row(
        id=f"{name}:{part}" if part else name,
        section=f"{service}, {part}" if part else "prefixes",
        served=Served(id=name, title=service),
        networks=without_overlaps(tuple(networks)),
        region=part or None if inner != "family" else None,
        facts={"service": service, **({inner: part} if part else {})},
        doubts=(_NO_PORTS,),
    )
