"""What pydantic finds becomes a fault at the right place, whatever the keys are called."""

import pytest

from tests.loader.files import VENDOR, Write
from tierwall.loader.forms.files import VendorFile
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.yaml.tree import read_document


def _faults(text: str, write: Write) -> list[str]:
    found = shape_faults(read_document(write("f", text)), VendorFile)
    assert isinstance(found, list)
    return [str(fault) for fault in found]


def test_a_document_of_the_right_shape_fills_the_form(write: Write) -> None:
    assert isinstance(shape_faults(read_document(write("f", VENDOR)), VendorFile), VendorFile)


@pytest.mark.parametrize("service", ["title", "list", "word", "rules"])
def test_ids_that_are_called_like_keys_mislead_nobody(service: str, write: Write) -> None:
    text = VENDOR.replace("  calls:", f"  {service}:").replace("symptom:", "sympton:")

    assert _faults(text, write) == [
        f"f:7: services.{service}.symptom: is missing (What users see without it, in one or two sentences)",
        (
            f"f:11: services.{service}.sympton: unknown key `sympton`; did you mean `symptom`? "
            f"(known: title, protocol, tier, "
            "symptom, optional, source)"
        ),
    ]


def test_what_was_a_fault_of_the_text_already_is_not_told_twice(write: Write) -> None:
    assert _faults(VENDOR.replace("tier: core", "tier: *x").replace("title: Acme Video", "title: 5"), write) == [
        'f:3: title: expected text, and YAML takes `5` for a number: quote it, "5"'
    ]


def test_a_file_that_is_a_list_is_a_fault_at_its_first_line(write: Write) -> None:
    assert _faults("# a comment\n- a\n", write) == ["f:2: expected a mapping, found a list"]
