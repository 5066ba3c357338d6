"""The page about dialects is that of the tables."""

import pytest

from tierwall.policy.dialect import PRODUCTS, Dialect
from tools.dialect_page import PAGE, page


def test_the_checked_in_page_is_fresh() -> None:
    stale = "docs/dialects.md is stale: run `make docs`, or python -m tools.dialect_page"

    assert PAGE.read_text(encoding="utf-8") == page(), stale


@pytest.mark.parametrize("dialect", Dialect)
def test_every_dialect_names_its_documents_and_every_form(dialect: Dialect) -> None:
    (section,) = [part for part in page().split("\n## ") if part.startswith(f"`{dialect}`:")]

    assert all(document in section for document in PRODUCTS[dialect].documents)
    assert all(case.form in section for case in PRODUCTS[dialect].cases)
    assert all(case.doubt in section for case in PRODUCTS[dialect].cases if case.doubt is not None)


def test_what_is_read_from_a_document_is_never_said_to_be_the_product() -> None:
    assert page().count("\nAs documented in:\n") == len(Dialect)
