"""The page about exports is that of the table."""

import pytest

from tierwall.export import PRODUCTS, ProductId
from tools.export_page import PAGE, page


def test_the_checked_in_page_is_fresh() -> None:
    stale = "docs/export.md is stale: run `make docs`, or python -m tools.export_page"

    assert PAGE.read_text(encoding="utf-8") == page(), stale


@pytest.mark.parametrize("product", ProductId)
def test_every_product_has_its_documents_its_doubts_and_a_real_example(product: ProductId) -> None:
    (section,) = [part for part in page().split("\n## ") if part.startswith(f"{product}\n")]

    assert all(document in section for document in PRODUCTS[product].documents)
    assert all(doubt in section for doubt in PRODUCTS[product].unverified)
    assert f"tierwall export --to {product} --vendor" in section
    assert "vevox" in section or "8x8" in section
