"""A PAC file: fetched, asked for each host where an engine is there, else read for the proxies that it names.

Knows what FindProxyForURL answers. The engine is pacparser, in a process of its own that is ended when it takes too
long; who has none hears which proxies the file names, as which of them serves what takes an engine to say.
"""

import importlib.util
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from urllib.parse import urlsplit

from tierwall.probe.wire.streams import Proxy, bracketed, read_proxy

MOST_OCTETS = 1024 * 1024
FETCH_S = 10.0
ENGINE_S = 30.0
ENGINE = """
import json, sys, pacparser
asked = json.load(sys.stdin)
pacparser.init()
pacparser.parse_pac_string(asked["text"])
print(json.dumps([pacparser.find_proxy(url, host) for url, host in asked["urls"]]))
"""
_SCHEMES = {"PROXY": "http", "HTTP": "http", "HTTPS": "https", "SOCKS": "socks5", "SOCKS5": "socks5"}
_TARGET = re.compile(r"\b(PROXY|HTTPS?|SOCKS5?)\s+((?:[\w.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5})\b")


class NoEngine(Exception):
    """The file could not be asked; the message says why."""


def is_named(url: str) -> bool:
    """Whether this is the address of a PAC file, and not of a proxy."""
    parts = urlsplit(url)
    return parts.scheme == "file" or bool(re.search(r"\.(pac|dat|js)$", parts.path))


def fetch(url: str) -> str:
    """The file's text, fetched without a proxy. Raises OSError or ValueError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=FETCH_S) as answer:
        octets: bytes = answer.read(MOST_OCTETS + 1)
    if len(octets) > MOST_OCTETS:
        raise ValueError(f"has more than {MOST_OCTETS:,} octets")
    return octets.decode("utf-8", "replace")


def named(text: str) -> list[str]:
    """The proxies that are written in it, in order, each once."""
    return list(dict.fromkeys(f"{_SCHEMES[kind]}://{place}" for kind, place in _TARGET.findall(text)))


def answers(text: str, hosts: Iterable[str]) -> dict[str, "Proxy | None"]:
    """The proxy for each host, None for straight. Raises NoEngine."""
    if importlib.util.find_spec("pacparser") is None:
        raise NoEngine("there is no engine for it here (pip install pacparser)")
    wanted = list(dict.fromkeys(hosts))
    urls = [(f"https://{bracketed(host)}/", host) for host in wanted]
    command = [sys.executable, "-W", "ignore", "-c", ENGINE]
    try:
        done = subprocess.run(  # noqa: S603 - our own words; what is asked goes in by stdin
            command,
            input=json.dumps({"text": text, "urls": urls}),
            capture_output=True,
            text=True,
            check=True,
            timeout=ENGINE_S,
        )
        said = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise NoEngine(f"it gave no answer within {ENGINE_S:.0f} s") from None
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        raise NoEngine("the engine does not take it") from None
    return {host: first_of(str(answer)) for host, answer in zip(wanted, said)}  # noqa: B905 - as long as what was asked


def first_of(answer: str) -> "Proxy | None":
    """The first way of an answer such as `PROXY a:8080; DIRECT` that can be gone. Raises NoEngine where none can."""
    for way in answer.split(";"):
        kind, _, place = way.strip().partition(" ")
        if kind.upper() == "DIRECT":
            return None
        if kind.upper() in _SCHEMES:
            try:
                return read_proxy(f"{_SCHEMES[kind.upper()]}://{place.strip()}")
            except ValueError:
                continue
    raise NoEngine(f"it answered {answer[:80]!r}")
