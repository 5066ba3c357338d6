"""Asks what the arguments say, through a proxy or not, and prints a line of JSON for each: curl."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

proxy, base, ca, *cases = sys.argv[1:]
WAYS: dict[str, list[str]] = {
    "head": ["--head"],
    "early": ["--data-binary", "@large", "-H", "Expect:"],
    "chunks": ["--data-binary", "@small", "-H", "Transfer-Encoding: chunked"],
    "expects": ["--data-binary", "@small", "-H", "Expect: 100-continue"],
    "refuses": ["--data-binary", "@small", "-H", "Expect: 100-continue"],
}


def ask(name: str, folder: Path) -> dict[str, object]:
    words = [
        "curl",
        "-q",
        "-s",
        "--http1.1",
        "--max-time",
        "8",
        "--expect100-timeout",
        "8",
        "-D",
        "heads",
        "-o",
        "body",
    ]
    words += ["-w", "%{http_code}", *WAYS.get(name, []), *(["--cacert", ca] if ca != "-" else [])]
    words += ["--proxy", proxy] if proxy != "-" else ["--noproxy", "*"]
    for file in ("heads", "body"):
        (folder / file).write_bytes(b"")
    done = subprocess.run([*words, f"{base}/{name}"], cwd=folder, capture_output=True, text=True, check=False)
    heads = (folder / "heads").read_text()
    body = "" if "--head" in words else (folder / "body").read_text()
    status = int(done.stdout or 0)
    return {
        "case": name,
        "status": status or None,
        "hints": heads.count("HTTP/1.1 10") - heads.count("HTTP/1.1 100"),
        "body": body if done.returncode == 0 else "error",
        "trailer": next((line.split(": ")[1] for line in heads.splitlines() if line.lower().startswith("x-sum")), None),
    }


with TemporaryDirectory() as made:
    (Path(made) / "large").write_bytes(b"x" * (1 << 20))
    (Path(made) / "small").write_bytes(b"hello")
    for each in cases:
        print(json.dumps(ask(each, Path(made))), flush=True)
