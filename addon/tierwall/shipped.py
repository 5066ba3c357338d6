"""What comes with the package beside its code, by name: policies and schemas.

Knows folders and names of files alone, and imports nothing of ours: a shell that completes a word waits for it.
"""

from pathlib import Path

SCHEMAS = ("site", "vendor", "event", "audit")


def policies() -> Path:
    """The folder of policies: in the package where it was installed as a wheel, at the top level in a clone."""
    package = Path(__file__).parent
    in_wheel = package / "policies"
    return in_wheel if in_wheel.is_dir() else package.parents[1] / "policies"


def site_names() -> tuple[str, ...]:
    """The bundled sites, by name."""
    return _stems("sites")


def vendor_ids() -> tuple[str, ...]:
    """The bundled vendors, each in the file of its id."""
    return _stems("vendors")


def schema(name: str) -> str:
    """The text of one of SCHEMAS."""
    return (Path(__file__).parent / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")


def _stems(folder: str) -> tuple[str, ...]:
    where = policies() / folder
    if not where.is_dir():
        return ()
    return tuple(sorted(path.stem for path in where.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file()))
