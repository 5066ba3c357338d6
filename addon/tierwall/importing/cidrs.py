"""A plain list of networks, one a line: Zoom's ranges (assets.zoom.us/docs/ipranges/Zoom.txt), Cloudflare's
(www.cloudflare.com/ips-v4), and others.

Knows lines, and that such a list says no ports and no names: what it leaves out is `unspecified`.
"""

import re
from ipaddress import ip_network
from typing import Final

from tierwall.importing.destinations import without_overlaps
from tierwall.importing.rows import Reading, Row, Served, UnreadableDocument
from tierwall.policy.model import Network

_COMMENT: Final = re.compile(r"\s*(?:#|;|//).*")


def recognises(text: str) -> bool:
    """Whether its first lines are networks."""
    lines = [line for raw in text.splitlines()[:20] if (line := _COMMENT.sub("", raw).strip())]
    return bool(lines) and all(_is_network(line) for line in lines)


def read(text: str) -> Reading:
    """One row with all networks.

    Raises:
        UnreadableDocument: A line is no network.
    """
    networks: list[Network] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if line := _COMMENT.sub("", raw).strip():
            try:
                networks.append(ip_network(line))
            except ValueError as fault:
                raise UnreadableDocument(f"line {number}: {fault}; expected one network a line") from None
    if not networks:
        raise UnreadableDocument("has no networks")
    kept = without_overlaps(tuple(networks))
    doubts = ["the list says no ports: write those that the vendor's page has, or leave them `unspecified`"]
    if len(kept) < len(set(networks)):
        covered = ", ".join(str(network) for network in dict.fromkeys(networks) if network not in kept)
        doubts.append(f"left out, as other networks of the list hold them: {covered}")
    row = Row(
        id="networks",
        section="The whole list",
        served=Served(id="networks", title="What the networks of the list serve"),
        networks=kept,
        doubts=tuple(doubts),
    )
    return Reading(rows=(row,))


def _is_network(line: str) -> bool:
    try:
        ip_network(line)
    except ValueError:
        return False
    return True
