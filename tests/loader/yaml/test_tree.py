"""YAML as people and attackers write it: values with lines, or faults; never a crash, a bomb or a guess."""

from itertools import pairwise

import pytest

from tests.loader.files import Write
from tierwall.loader.faults import InvalidFiles
from tierwall.loader.yaml.tree import DEPTH, NotText, read_document, spelled


def test_every_value_knows_its_line(write: Write) -> None:
    document = read_document(write("f", "a:\n  - x\n  - {b: y}\nc: >-\n  folded\n  text\n"))

    assert document.content == {"a": ["x", {"b": "y"}], "c": "folded text"}
    assert document.lines == {(): 1, ("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3, ("c",): 4}


def test_scalars_are_what_most_tools_take_them_for_and_remember_their_spelling(write: Write) -> None:
    document = read_document(write("f", "[no, On, 443, 007, 1.5, 12:30, 2024-01-01, 'no', 10.0.0.1, 8x8]"))

    assert document.content == [
        False,
        True,
        443,
        NotText("a number"),
        NotText("a number"),
        NotText("a number"),
        NotText("a date"),
        "no",
        "10.0.0.1",
        "8x8",
    ]
    assert document.raw[0,] == "no"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("a: b\nc: d\na: e", "f:3: a: key `a` stands twice: line 1 has it too", id="duplicate key"),
        pytest.param("no: b", "f:1: no: YAML takes the key `no` for a truth value: quote it", id="Norway as key"),
        pytest.param("a: &x [b]", "f:1: anchor `&x`: leave it out, anchors and aliases are not read", id="anchor"),
        pytest.param("a: *x", "f:1: a: `*x` is an alias to YAML: write the value out, or quote it", id="alias"),
        pytest.param(
            "a: !!python/object:os.system b",
            "f:1: tag `tag:yaml.org,2002:python/object:os.system`: leave it out, tags are not read",
            id="tag",
        ),
        pytest.param(
            "a: b\n<<: {c: d}", "f:2: <<: merge key `<<`: write the keys out, merge keys are not read", id="merge key"
        ),
        pytest.param("a: b\nc:", "f:2: c: has no value: write one, or leave it out", id="no value"),
    ],
)
def test_what_these_files_do_not_need_is_a_fault_beside_others(write: Write, text: str, faults: str) -> None:
    document = read_document(write("f", text))

    assert "\n".join(map(str, document.faults)) == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", "f: is empty", id="empty"),
        pytest.param("# only this\n", "f: is empty", id="comments only"),
        pytest.param("a: b\n---\nc: d", "f:2: a second document begins here: one file holds one", id="two documents"),
        pytest.param("? [a]\n: b", "f:1: a key is a word, not a list, a mapping or an alias", id="list as key"),
        pytest.param(
            "a: b\nhosts: *.x.example",
            "f:2: is not YAML: did not find expected alphabetic or numeric character "
            'while scanning an alias; a text that begins with `*` needs quotes, as in "*.example.com"',
            id="pattern without quotes",
        ),
        pytest.param(
            "a: b: c",
            "f:1: is not YAML: mapping values are not allowed in this context; a text with `: ` in it needs quotes",
            id="colon without quotes",
        ),
        pytest.param(
            "a: [b\n",
            "f:2: is not YAML: did not find expected ',' or ']' while parsing a flow sequence",
            id="bracket left open",
        ),
        *(
            pytest.param(
                deep * 100_000, f"f:1: more than {DEPTH} lists and mappings inside one another", id=f"deep {deep}"
            )
            for deep in ("[", "- ", "{a: ")
        ),
        pytest.param(
            "[" + "[],\n" * 600_000,
            "f:500000: more than 500000 values; a long list of hosts belongs in a text file, see `file:`",
            id="wide",
        ),
    ],
)
def test_what_gives_no_tree_ends_the_reading(write: Write, text: str, fault: str) -> None:
    path = write("f", "")
    path.write_text(text)

    with pytest.raises(InvalidFiles) as invalid:
        read_document(path)

    assert str(invalid.value) == fault


def test_a_bomb_is_not_set_off(write: Write) -> None:
    lines = [
        "a: &a [x, x]",
        *(f"{key}: &{key} [*{before}, *{before}]" for before, key in pairwise("abcdefghi")),
    ]

    document = read_document(write("f", "\n".join(lines)))

    assert len(document.lines) < 100
    assert len(document.faults) == 25


def test_places_are_spelled_as_people_read_them() -> None:
    assert spelled(("rules", 3, "ports", 0)) == "rules[3].ports[0]"
    assert spelled(("a\x1bb",)) == "a\\x1bb"
