"""`tierwall ca install` on a real system store and a real NSS database: curl and Chromium believe it, and forget it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import ADDON, Proxy, needs
from tests.trust.inspecting import APART, NAME, inspecting_proxy

CURL_UNTRUSTED = 60
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
LIMIT_S = 60
PLAN = f"""
tierwall() {{ {sys.executable} -m tierwall "$@"; }}
try() {{
    code=0; curl -sS -o "$1.curl" -x "$PROXY" https://{NAME}/ || code=$?
    echo "$1 curl $code"
    timeout 30 chromium {" ".join(CHROMIUM)} --user-data-dir="$HOME/$1" --proxy-server="$PROXY" --dump-dom \\
        https://{NAME}/ >"$1.page" 2>"$1.log" || true
}}
try before
tierwall ca install
tierwall ca show
try during
tierwall ca install --remove
tierwall ca show
try after
"""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    (tmp_path / "lab").mkdir()
    with inspecting_proxy(tmp_path / "lab", tmp_path / "state") as proxy:
        yield proxy


@needs("root", "unshare", "mount", "curl", "chromium", "certutil", "update-ca-certificates")
def test_curl_and_chromium_trust_the_lab_ca_from_its_installation_to_its_removal(proxy: Proxy, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ADDON)}
    ended = subprocess.run(
        ["unshare", "--mount", "bash", "-c", APART, "apart", tmp_path / "apart", "bash", "-euc", PLAN],
        env=os.environ | home | {"PROXY": f"http://127.0.0.1:{proxy.port}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S * 2,
        check=False,
    )
    print(ended.stdout, ended.stderr)

    said = ended.stdout.splitlines()
    pages = {when: (tmp_path / f"{when}.page").read_text() for when in ("before", "during", "after")}
    assert ended.returncode == 0
    assert [line for line in said if " curl " in line] == [
        f"before curl {CURL_UNTRUSTED}",
        "during curl 0",
        f"after curl {CURL_UNTRUSTED}",
    ]
    assert (tmp_path / "during.curl").read_text().count("502 Bad Gateway") > 0
    assert {when for when, page in pages.items() if "502 Bad Gateway" in page} == {"during"}
    assert [line.split()[0] for line in said if "system store" in line] == ["trusted", "not"]
