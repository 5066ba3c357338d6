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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = (each for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return "\n".join(
        line for each in contracts for line in _floors(each["name"], each["containers"][0], each["layers"])
    )


def _floors(law: str, container: str, layers: list[str]) -> Iterator[str]:
    yield f"**`{container.removeprefix('tierwall.')}/`**: {law}.\n"
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
