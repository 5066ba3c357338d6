"""Forms of a report by the endings of files.

Knows words only, so that commands that may write one start no slower.
"""

from pathlib import Path
from typing import Final

FORMS: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".xml": "junit", ".pdf": "pdf"}


def check_form(path: Path) -> str | None:
    """What is wrong with the file's ending; None where it says a form."""
    if path.suffix.lower() in FORMS:
        return None
    return f"--report: {path.name!a} says no form; expected one that ends in {', '.join(FORMS)}"
