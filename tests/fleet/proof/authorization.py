"""The page's own Envoy that asks tierwall: denied, let through, and what becomes of it when nobody answers."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fleet.proof import envoys
from tests.fleet.proof.attempts import Spoken, Try, Way
from tests.fleet.proof.clients import ALLOWED, DENIED, make
from tests.fleet.proof.ground import GATEWAY, ROOT, Ground
from tests.fleet.proof.lab import SITE, made, until
from tests.support.needs import NAMESPACES, needs

__all__ = ["made"]
pytestmark = needs(NAMESPACES, "curl", "setpriv")
PAGE = ROOT / "docs" / "fleet.md"


@contextmanager
def asking(ground: Ground) -> Iterator[None]:
    text = PAGE.read_text().partition("```yaml\nadmin:")[2].partition("```")[0]
    (ground.folder / "asking.yaml").write_text("admin:" + text)
    words = (ground.folder / "envoy", "-c", ground.folder / "asking.yaml", "--disable-hot-restart", "-l", "warn")
    child = ground.start(ground.gateway, *words, log="envoy.log")
    try:
        envoys.until_ready(ground, child)
        yield
    finally:
        ground.end(child)


@contextmanager
def answering(ground: Ground) -> Iterator[None]:
    (ground.folder / "lab.yaml").write_text(SITE.format(hosts="a.example"))
    log = ground.folder / "decide.log"
    site = ("--site", ground.folder / "lab.yaml")
    child = ground.start(
        ground.gateway, sys.executable, "-m", "tierwall", "decide", "--speak", "envoy", *site, log=log.name
    )
    try:
        until(lambda: "listening" in log.read_text(), log.read_text)
        yield
    finally:
        ground.end(child)


def tries(ground: Ground, attempt: Try) -> str:
    return ground.clients.inside(lambda: asyncio.run(make(attempt, 3128))).split()[0]


CONNECTS = [Try(Way.CONNECT, host, 443, Spoken.TLS, host) for host in ("a.example", "b.example")]
REDIRECTED = [Try(Way.DIRECT, "203.0.113.10", 443, Spoken.TLS, host) for host in ("a.example", "b.example")]
BARE = Try(Way.DIRECT, "203.0.113.10", 443, Spoken.TLS)


@pytest.mark.parametrize("pair", [CONNECTS, REDIRECTED], ids=["http filter", "network filter"])
def test_envoy_lets_through_what_judge_does_and_nothing_without_an_answer(made: Ground, pair: list[Try]) -> None:
    with asking(made):
        with answering(made):
            answered = [tries(made, each) for each in pair]
            arrived = len(made.arrivals)
        alone = [tries(made, each) for each in pair]

    assert answered == [ALLOWED, DENIED]
    assert arrived == 1
    assert ALLOWED not in alone
    assert len(made.arrivals) == arrived


def test_a_connection_without_a_name_is_judged_by_its_address(made: Ground) -> None:
    with asking(made), answering(made):
        assert tries(made, BARE) == DENIED
    assert made.arrivals == []


def test_a_denial_says_reason_and_tier(made: Ground) -> None:
    with asking(made), answering(made):
        done = made.clients.run("curl", "-sv", "-x", f"http://{GATEWAY}:3128", "http://b.example/")

    assert "< HTTP/1.1 403" in done.stderr
    assert "< x-tierwall-reason: unlisted" in done.stderr
    assert "unlisted" in done.stdout


def test_the_sites_clients_are_heeded(made: Ground) -> None:
    with asking(made), answering(made):
        before = tries(made, CONNECTS[0])
        site = (made.folder / "lab.yaml").read_text().replace("10.99.0.0/24", "192.0.2.0/24")
        (made.folder / "lab.yaml").write_text(site)
        until(lambda: tries(made, CONNECTS[0]) == DENIED)

    assert before == ALLOWED


def test_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tierwall", "decide", "--speak", "envoy", "--listen", "0.0.0.0:9191"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "addon")},
    )

    assert done.returncode == 2
    assert "loopback" in done.stderr
