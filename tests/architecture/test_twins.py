"""Every module of proxy/ has its twin: `proxy/x/y.py` is tested by `tests/proxy/x/test_y.py`, and by no other name."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROXY, TESTS = ROOT / "addon" / "tierwall" / "proxy", ROOT / "tests" / "proxy"

WITHOUT: Final = {
    "transport/endpoint_roles.py": ("protocols, which have no rule", "transport/test_endpoint.py"),
    "transport/tunnel_filter.py": ("a protocol, which has no rule", "middlebox/tunnel/test_link.py"),
    "state/breakage.py": ("a value, which has no rule", "state/test_recorder.py"),
}
"""Modules that need none: why, and whose twin shows what they are for."""

SCENES: Final = {
    "serving/test_machine.py": "a connection through all of them, by Hypothesis",
}
"""Tests of several modules together: what they are for."""


def modules() -> Iterator[str]:
    for path in PROXY.rglob("*.py"):
        if path.name != "__init__.py" or _does_something(path):
            yield str(path.relative_to(PROXY))


def _does_something(package: Path) -> bool:
    return any(isinstance(each, ast.FunctionDef | ast.ClassDef) for each in ast.parse(package.read_text()).body)


def twin(module: str) -> Path:
    path = Path(module)
    if path.name == "__init__.py":
        return TESTS / path.parent / f"test_{path.parent.name}.py"
    return TESTS / path.parent / f"test_{path.name}"


def imported(test: Path) -> set[str]:
    """What the test imports, by dotted names of modules and of what is in them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module)):
                found |= {module, *(f"{module}.{each.name}" for each in node.names)}
            case ast.Import():
                found |= {each.name for each in node.names}
    return found


@pytest.mark.parametrize("module", sorted(set(modules()) - WITHOUT.keys()))
def test_a_module_has_its_twin_which_tests_it(module: str) -> None:
    assert twin(module).is_file(), f"write {twin(module).relative_to(ROOT)}, or say in WITHOUT why it needs none"

    dotted = "tierwall.proxy." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert dotted in imported(twin(module)), f"{twin(module).relative_to(ROOT)} does not import {dotted}"


def test_who_needs_no_twin_is_there_has_none_and_is_seen_at_work_by_its_user() -> None:
    for module, (_, user) in WITHOUT.items():
        assert (PROXY / module).is_file(), f"{module} is no more"
        assert not twin(module).exists(), f"{module} has a twin now"
        assert (TESTS / user).is_file(), f"{user} is no more"


def test_no_test_is_left_without_its_module() -> None:
    twins = {twin(module) for module in modules()}
    others = {str(path.relative_to(TESTS)) for path in TESTS.rglob("test_*.py") if path not in twins}

    assert others == SCENES.keys()
