"""A Squid log of many lines, like that of a company: few destinations have most of the lines, a tenth are denials.

Knows Squid's native format. The same number of lines is always the same log.
"""

import random
from pathlib import Path
from typing import Final

_HOSTS: Final = 20_000
_VENDORS: Final = ("8x8.vc", "api.amplitude.com", "lab.vevox.com", "meet.8x8.com")
_RESULTS: Final = ("TCP_TUNNEL/200",) * 8 + ("TCP_DENIED/403", "TCP_DENIED/407")
_AT_ONCE: Final = 50_000


def write(path: Path, lines: int) -> None:
    """So many lines, 200 a second of the clock in them."""
    chance = random.Random(7)
    hosts = [*_VENDORS, *(f"h{number}.site{number % 997}.example" for number in range(_HOSTS))]
    usual = [_RESULTS[number % len(_RESULTS)] for number in range(len(hosts))]
    with path.open("w", encoding="ascii") as file:
        for start in range(0, lines, _AT_ONCE):
            end = min(start + _AT_ONCE, lines)
            file.writelines(_line(number, chance, hosts, usual) for number in range(start, end))


def _line(number: int, chance: random.Random, hosts: list[str], usual: list[str]) -> str:
    at = int(chance.random() ** 3 * len(hosts))
    result = usual[at] if chance.random() < 0.95 else chance.choice(_RESULTS)
    when = f"{1764230400 + number // 200}.{number % 1000:03d} {number % 900:6d}"
    client = f"10.{number % 7}.{number % 50}.{number % 250}"
    peer = "HIER_NONE/-" if "DENIED" in result else "HIER_DIRECT/203.0.113.9"
    if number % 5:
        return f"{when} {client} {result} {number % 90000} CONNECT {hosts[at]}:443 - {peer} -\n"
    result = result.replace("TCP_TUNNEL", "TCP_MISS")
    url = f"http://{hosts[at]}/a/b/c{number % 1000}?x={number}"
    return f"{when} {client} {result} {number % 90000} GET {url} - {peer} text/html\n"
