"""deploy/grafana-dashboard.json is a dashboard of Grafana's own schema: read into its types, nothing of it is lost."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

BOARD = json.loads((Path(__file__).parents[2] / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True, scope="module")
def _panels_and_queries() -> None:
    register_default_plugins()  # the types of single panels and of Prometheus' queries


def lost(board: Any) -> list[str]:
    """What Grafana's types do not have."""
    return list(differing(board, json.loads(JSONEncoder().encode(Dashboard.from_json(board)))))


def differing(said: Any, read: Any, at: str = "") -> Iterator[str]:
    match said:
        case dict():
            for key, value in said.items():
                yield from differing(value, read.get(key) if isinstance(read, dict) else None, f"{at}.{key}")
        case list() if isinstance(read, list) and len(read) == len(said):
            for number, (mine, theirs) in enumerate(zip(said, read, strict=True)):
                yield from differing(mine, theirs, f"{at}[{number}]")
        case _ if said != read:
            yield f"{at}: {said!r}, read as {read!r}"


def test_every_key_of_the_board_is_one_of_grafanas() -> None:
    assert lost(BOARD) == []


@pytest.mark.parametrize("path", [(), ("panels", 0), ("panels", 0, "gridPos"), ("panels", 0, "targets", 0)], ids=str)
def test_a_key_that_is_none_would_be_found(path: tuple[str | int, ...]) -> None:
    board = deepcopy(BOARD)
    place = board
    for step in path:
        place = place[step]
    place["titel"] = "x"

    assert len(lost(board)) == 1
