"""Keys are described where they are defined, and inherited keys too."""

from tierwall.loader.forms.behaviours import form_of
from tierwall.loader.forms.descriptions import descriptions
from tierwall.loader.forms.files import AdmitForm


def test_inherited_keys_are_described() -> None:
    assert {"hosts", "file", "vendor", "rules"} <= descriptions(AdmitForm).keys()


def test_keys_are_called_as_in_files() -> None:
    assert descriptions(form_of("tls-inspection")).keys() == {"behaviour", "scope", "except"}
