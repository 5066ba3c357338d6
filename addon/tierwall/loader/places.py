"""Where vendor and site files are: the bundled ones, and those that somebody names.

Knows folders and names of files, never what is in them.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tierwall import shipped
from tierwall.loader.faults import Fault, InvalidFiles, shown_path, unknown

SITE_ENDINGS = (".yaml", ".yml")


def bundled() -> Path:
    """The folder of policies."""
    return shipped.policies()


def site_names() -> tuple[str, ...]:
    """The bundled sites, by name."""
    return shipped.site_names()


def bundled_vendor_files() -> list[Path]:
    """The bundled vendors' files."""
    return _yaml_files(bundled() / "vendors")


def vendor_files(named: Sequence[Path]) -> Iterator[Path | Fault]:
    """The files that were named, each once, and those in the folders that were named."""
    seen: set[str] = set()
    for path in named:
        try:
            files = _yaml_files(path) if path.is_dir() else [path]
        except OSError as cause:
            yield Fault(shown_path(path), None, "", f"cannot be read: {cause.strerror or cause}")
            continue
        if not files:
            yield Fault(shown_path(path), None, "", "is a folder without a .yaml or .yml file")
        for file in files:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def site_file(name_or_path: str, relative_to: Path) -> Path:
    """The file of a site: a bundled one by its name, or the one at that path.

    Raises:
        InvalidFiles: It is no path, and no bundled site has that name.
    """
    if _is_path(name_or_path):
        return relative_to / name_or_path
    names = site_names()
    if name_or_path in names:
        return next(path for path in _yaml_files(bundled() / "sites") if path.stem == name_or_path)
    if _is_file(relative_to / name_or_path):
        return relative_to / name_or_path
    if name_or_path and _is_folder(relative_to / name_or_path):
        raise InvalidFiles([Fault(name_or_path, None, "", "is a folder; name a site's file in it, or a bundled site")])
    listed = "; `tierwall sites` lists the bundled ones"
    raise InvalidFiles([Fault("", None, "", unknown("site", name_or_path, names) + listed)])


def _is_path(name: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return name.endswith(SITE_ENDINGS) or any(separator in name for separator in separators)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # such as a name that is too long for the system


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _yaml_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SITE_ENDINGS and not path.is_dir())
