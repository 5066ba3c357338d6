"""Whether a file is a vendor's or a site's: by the key at its top.

Knows one key of each; reading them is the loader's.
"""

from pathlib import Path
from typing import Final

from tierwall.loader import InvalidFiles
from tierwall.loader.yaml.tree import read_document

_ENDINGS: Final = {".yaml", ".yml"}


def policy_kind(path: Path) -> str | None:
    """`vendor`, `site`, or None where it is neither. Files that do not end as YAML are not opened."""
    if path.is_dir() or path.suffix not in _ENDINGS:
        return None
    try:
        content = read_document(path).content
    except InvalidFiles:
        return None
    keys = content if isinstance(content, dict) else {}
    return next((key for key in ("vendor", "site") if key in keys), None)
