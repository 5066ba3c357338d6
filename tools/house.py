"""The picture of the house in docs/design.md, from the import contracts: `python -m tools.house` draws it.

Knows pyproject.toml's layers and Mermaid. What the rooms hold is said in their own first lines.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "design.md"

_BEGIN: Final = "<!-- the house: written by tools/house.py -->\n"
_END: Final = "<!-- end of the house -->\n"


def page() -> str:
    """docs/design.md with the house as the contracts have it today."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_picture()}\n{_END}{after}"


def _picture() -> str:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return "\n".join(line for contract in contracts if contract["type"] == "layers" for line in _floors(contract))


def _floors(contract: dict[str, object]) -> Iterator[str]:
    containers, layers = contract["containers"], contract["layers"]
    assert isinstance(containers, list)
    assert isinstance(layers, list)
    container = containers[0]
    yield f"**`{container.removeprefix('tierwall.')}/`**: {contract['name']}.\n"
    yield "| floor | rooms |"
    yield "| --- | --- |"
    for floor, rooms in zip(range(len(layers), 0, -1), layers, strict=True):
        yield f"| {floor} | {'<br>'.join(_room(container, room.strip()) for room in rooms.split('|'))} |"
    yield ""


def _room(container: str, name: str) -> str:
    path = ROOT / "addon" / Path(*container.split(".")) / name
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    first = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return f"`{name}`: {first}" if first else f"`{name}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
