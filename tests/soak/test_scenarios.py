"""`make soak` in small: every scenario but the idle hours, which test_time_limits.py has without waiting for them."""

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soak.scale import Scale
from bench.soak.scenarios import SCENARIOS
from bench.soak.scene import Scene

SHORT = Scale(
    slow=2,
    slow_octets=24_000_000,
    half_open=30,
    first_bytes_s=1.0,
    resets=10,
    descriptors=96,
    storm=300,
    load_s=1.5,
    settle_s=0.2,
)


@pytest.fixture(autouse=True)
def _open_files() -> Iterator[None]:
    """As many as we may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "idle"])
def test_scenario(name: str, tmp_path: Path) -> None:
    title, scenario = SCENARIOS[name]
    scene = Scene(tmp_path, SHORT, say=print)

    asyncio.run(scenario(scene))

    print(scene.figures)
    assert not scene.faults, title
