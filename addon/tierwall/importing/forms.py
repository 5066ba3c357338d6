"""The forms of document that can be imported, and how each is read: one row a form.

Knows the modules beside this one. A form is named with `--form`, or recognised by how its text begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.importing import cidrs, clouds, m365, tables
from tierwall.importing.mapping import Mapping
from tierwall.importing.rows import Reading


class Form(StrEnum):
    """What `--form` takes."""

    M365 = "m365"
    CIDRS = "cidrs"
    GOOGLE = "google"
    AWS = "aws"
    CLOUDFLARE = "cloudflare"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How a form is read."""

    title: str
    """What people call the document."""
    recognises: Callable[[str], bool]
    read: Callable[[str, Mapping], Reading]
    """Raises UnreadableDocument. Only tables heed the mapping."""


FORMS: Final = {
    Form.M365: Read(
        title="Microsoft 365 endpoints web service",
        recognises=m365.recognises,
        read=lambda text, _: m365.read(text),
    ),
    Form.GOOGLE: Read(
        title="Google IP ranges (goog.json, cloud.json)",
        recognises=clouds.google_recognises,
        read=lambda text, _: clouds.read_google(text),
    ),
    Form.AWS: Read(
        title="AWS IP address ranges (ip-ranges.json)",
        recognises=clouds.aws_recognises,
        read=lambda text, _: clouds.read_aws(text),
    ),
    Form.CLOUDFLARE: Read(
        title="Cloudflare IP ranges",
        recognises=clouds.cloudflare_recognises,
        read=lambda text, _: clouds.read_cloudflare(text),
    ),
    Form.CIDRS: Read(
        title="List of networks",
        recognises=cidrs.recognises,
        read=lambda text, _: cidrs.read(text),
    ),
    Form.TABLE: Read(
        title="Page with tables of hosts and ports",
        recognises=lambda _: True,
        read=tables.read,
    ),
}
"""In the order in which they are tried; the last takes anything."""


def form_of(text: str) -> Form:
    """The form that the text looks like."""
    return next(form for form, how in FORMS.items() if how.recognises(text))
