"""A page as PDF, printed by a Chromium that is on this machine.

Knows where Chromium may be and how it prints. What is on the page is nothing to it.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tierwall import programs

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

_LIMIT_S: Final = 60.0
_OPTIONS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-pdf-header-footer",
)


def as_pdf(page: str) -> bytes:
    """The page of HTML on paper. Raises CannotRun where there is no Chromium, or it fails."""
    browser = next((name for name in BROWSERS if programs.find(name) is not None), BROWSERS[0])
    with TemporaryDirectory(prefix="tierwall-report-") as name:
        html, pdf = Path(name, "report.html"), Path(name, "report.pdf")
        html.write_text(page, encoding="utf-8")
        sandbox = () if os.geteuid() else ("--no-sandbox",)  # it has none for root
        words = [
            browser,
            *_OPTIONS,
            *sandbox,
            f"--user-data-dir={name}/profile",
            f"--print-to-pdf={pdf}",
            html.as_uri(),
        ]
        ended = programs.run(words, limit_s=_LIMIT_S)
        if not pdf.is_file():
            raise programs.CannotRun(f"{browser} printed no PDF: {ended.complaint}")
        return pdf.read_bytes()
