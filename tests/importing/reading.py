"""Documents as tests read them."""

from pathlib import Path

from tierwall.importing.drafting import Draft, drafted
from tierwall.importing.forms import FORMS, Form, form_of
from tierwall.importing.mapping import Mapping
from tierwall.importing.rows import chosen, wanted
from tierwall.policy.model import CitedDocument

_DOCUMENTS = Path(__file__).parent / "documents"


def document(name: str) -> str:
    """The text of one document."""
    return (_DOCUMENTS / name).read_text(encoding="utf-8")


def draft_of(text: str, *only: str, mapping: Mapping | None = None) -> Draft:
    """The draft that `tierwall import` makes of a text."""
    form = form_of(text)
    reading = FORMS[form].read(text, mapping or Mapping())
    cited = CitedDocument(id=form.value, title=FORMS[form].title, retrieved="2026-11-27", form=form.value, only=only)
    return drafted("acme", "Acme", cited, reading, chosen(reading, wanted(only)))


def form(text: str) -> Form:
    """What the text looks like."""
    return form_of(text)
