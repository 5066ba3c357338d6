"""The page about vendors is that of the policies."""

from tierwall.loader import load_catalogue
from tools.vendor_page import PAGE, page


def test_the_checked_in_page_is_fresh() -> None:
    stale = "docs/vendors.md is stale: run `make docs`, or python -m tools.vendor_page"

    assert PAGE.read_text(encoding="utf-8") == page(), stale


def test_every_service_of_every_vendor_has_its_symptom_there() -> None:
    text = page()

    symptoms = [service.symptom for vendor in load_catalogue([]).vendors for service in vendor.services]

    assert [symptom for symptom in symptoms if symptom.replace("|", "\\|") not in text] == []
