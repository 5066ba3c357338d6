"""Every module of proxy/ has its twin: `proxy/x/y.py` is tested by `tests/proxy/x/test_y.py`, and by no other name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROXY, TESTS = ROOT / "addon" / "tierwall" / "proxy", ROOT / "tests" / "proxy"

WITHOUT: Final = {
    "transport/endpoints/endpoint_roles.py": ("protocols, which have no rule", "transport/endpoints/test_endpoint.py"),
    "transport/endpoints/tunnel_filter.py": ("a protocol, which has no rule", "middlebox/tunnel/test_link.py"),
    "state/breakage.py": ("a value, which has no rule", "state/test_recorder.py"),
}
"""Modules that need none: why, and whose twin shows what they are for."""

SCENES: Final = {
    "mitmproxy/http/test_seams.py": "what of mitmproxy's our layers rely on (docs/mitmproxy-seams.md)",
    "serving/test_machine.py": "a connection through every room, by Hypothesis",
    "transport/test_relay_faults.py": "a relay between ends that are slow, broken or gone",
}
"""Tests of several modules together: what they are for."""

WHOLES: Final = {
    "tests.proxy.mitmproxy.http.proxied",
    "tests.support.front_doors",
    "tests.support.masters",
    "tests.support.standing_tunnels",
}
"""What a twin may reach its module through: a proxy of our layers, a door, a master, a tunnel."""


def modules() -> Iterator[str]:
    for path in PROXY.rglob("*.py"):
        if path.name != "__init__.py" or _does_something(path):
            yield str(path.relative_to(PROXY))


def _does_something(package: Path) -> bool:
    return any(isinstance(each, ast.FunctionDef | ast.ClassDef) for each in ast.parse(package.read_text()).body)


def twin(module: str) -> Path:
    path = Path(module)
    if path.name == "__init__.py":
        return TESTS / path.parent.parent / f"test_{path.parent.name}.py"
    return TESTS / path.parent / f"test_{path.name}"


def reaches(test: Path, module: str) -> bool:
    """Whether the test speaks of the module by its dotted name, or has a whole with it in it."""
    dotted = "tierwall.proxy." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    text = test.read_text(encoding="utf-8")
    package, _, name = dotted.rpartition(".")
    by_name = re.search(rf"{re.escape(dotted)}\b|from {re.escape(package)} import .*\b{name}\b", text) is not None
    return by_name or any(f"from {whole} import" in text for whole in WHOLES)


@pytest.mark.parametrize("module", sorted(set(modules()) - WITHOUT.keys()))
def test_a_module_has_its_twin_which_tests_it(module: str) -> None:
    assert twin(module).is_file(), f"write {twin(module).relative_to(ROOT)}, or say in WITHOUT why it needs none"

    assert reaches(twin(module), module), f"{twin(module).relative_to(ROOT)} does not test {module}"


def test_who_needs_no_twin_is_there_has_none_and_is_seen_at_work_by_its_user() -> None:
    for module, (_, user) in WITHOUT.items():
        assert (PROXY / module).is_file(), f"{module} is no more"
        assert not twin(module).exists(), f"{module} has a twin now"
        assert (TESTS / user).is_file(), f"{user} is no more"


def test_no_test_is_left_without_its_module() -> None:
    twins = {twin(module) for module in modules()}
    others = {str(path.relative_to(TESTS)) for path in TESTS.rglob("test_*.py") if path not in twins}

    assert others == SCENES.keys()
