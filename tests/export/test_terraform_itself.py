"""`terraform fmt` finds nothing to change; where there is no terraform, the read-back by python-hcl2 has to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.export.reading import _resources
from tests.export.test_read_back import CATALOGUE, REFERENCE, STAMP
from tierwall.export import List, ProductId, Wanted, select, write
from tierwall.export.hcl import Block, document

TERRAFORM = shutil.which("terraform")


@pytest.mark.parametrize("product", [product for product in ProductId if product.startswith("terraform-")])
@pytest.mark.parametrize("vendor", [vendor.id for vendor in CATALOGUE.vendors])
def test_every_vendors_resources_are_formatted_as_terraform_has_them(
    product: ProductId, vendor: str, tmp_path: Path
) -> None:
    selection = select(Wanted(vendors=(vendor,)), REFERENCE, CATALOGUE)

    for file in write(product, selection, tuple(List), STAMP).files:
        if file.name.endswith(".tf"):
            (tmp_path / file.name).write_text(file.text, encoding="utf-8")
            assert list(_resources(file.text))
    if TERRAFORM is not None:
        quiet = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
        done = subprocess.run(
            [TERRAFORM, "fmt", "-check", "-diff", str(tmp_path)], capture_output=True, text=True, check=False, env=quiet
        )
        assert (done.returncode, done.stdout) == (0, "")


def test_nothing_in_a_string_begins_a_template() -> None:
    text = document([Block("resource", ("a", "b"), {"said": 'a "${var.x}" %{if} \\ \n', "one": "${y}"})])

    assert "$${var.x}" in text
    assert "%%{if}" in text
    assert '"$${y}"' in text
