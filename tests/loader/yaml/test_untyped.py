"""The checks behind the shape see what has the right kind, and stumble over nothing else."""

import pytest

from tests.loader.files import Write
from tierwall.loader.yaml.tree import read_document
from tierwall.loader.yaml.untyped import mapping, network_overlaps, records, text, texts


@pytest.mark.parametrize("value", [None, 5, "k", [], ["k"], {}, {"k": None}, {"k": 5}])
def test_what_is_not_there_or_of_another_kind_is_not_seen(value: object) -> None:
    assert (mapping(value, "k"), text(value, "k")) == ({}, None)
    assert (list(records(value, "k")), list(texts(value, "k"))) == ([], [])


def test_items_keep_their_index() -> None:
    assert list(texts({"k": [1, "a", {}, "b"]}, "k")) == [(1, "a"), (3, "b")]
    assert list(records({"k": [1, "a", {"b": 2}]}, "k")) == [(2, {"b": 2})]


def test_malformed_networks_overlap_nothing(write: Write) -> None:
    document = read_document(write("f", "networks: [x, 10.0.0.0/8, 10.0.0.1/8, 10.0.0.1]"))

    assert [fault.where for fault in network_overlaps(document, document.content, "networks", ())] == ["networks[3]"]
