"""The probe runs on a Python that has nothing else installed."""

import ast
import sys
from pathlib import Path

import tierwall.probe

FOLDER = Path(tierwall.probe.__file__).parent


def test_it_imports_the_standard_library_and_itself_only() -> None:
    imported = {
        name
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10)))
        for name in _names(node)
    }

    assert imported
    assert {
        name
        for name in imported
        if not name.startswith("tierwall.probe") and name.partition(".")[0] not in sys.stdlib_module_names
    } == set()


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [each.name for each in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []
