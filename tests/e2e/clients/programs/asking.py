"""Asks what the arguments say, through a proxy or not, and prints a line of JSON for each: Python's http.client."""

import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

proxy, base, ca, *cases = sys.argv[1:]
HELLO = b"hello"
WAYS = {
    "head": ("HEAD", None, {}),
    "early": ("POST", bytes(1 << 20), {}),
    "chunks": ("POST", iter([HELLO]), {}),
    "expects": ("POST", HELLO, {"Expect": "100-continue"}),
}


def connection() -> http.client.HTTPConnection:
    at, via = urlsplit(base), urlsplit(proxy) if proxy != "-" else None
    reached = via or at
    if at.scheme == "http":
        return http.client.HTTPConnection(reached.hostname or "", reached.port, timeout=8)
    secured = http.client.HTTPSConnection(
        reached.hostname or "", reached.port, timeout=8, context=ssl.create_default_context(cafile=ca)
    )
    if via:
        secured.set_tunnel(at.hostname or "", at.port)
    return secured


def ask(name: str) -> dict[str, object]:
    method, body, headers = WAYS.get(name, ("GET", None, {}))
    said: dict[str, object] = {"case": name, "status": None, "hints": 0, "body": "", "trailer": None}
    absolute = proxy != "-" and base.startswith("http://")
    try:
        asked = connection()
        asked.request(method, (base if absolute else "") + f"/{name}", body, headers)
        answer = asked.getresponse()
        said |= {"status": answer.status, "body": answer.read().decode()}
    except (OSError, http.client.HTTPException):
        said["body"] = "error"
    return said


for each in cases:
    print(json.dumps(ask(each)), flush=True)
