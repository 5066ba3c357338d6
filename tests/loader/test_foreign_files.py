"""A site may name any file of the machine; of those that do not lie beside it no text is told."""

from pathlib import Path

import pytest

from tests.loader.files import Write
from tierwall.loader import InvalidFiles, load_site
from tierwall.loader.faults import Fault
from tierwall.policy.model import Catalogue

ELSEWHERE = "root:$6$secret:19000"
HEAD = "version: 1\nsite: lab\n"
NOT_SHOWN = "is at fault. It is not shown what stands there, as the file is not beside the site: copy it there"


def faults(write: Write, catalogue: Catalogue, text: str) -> list[str]:
    write("sites/lab.yaml", HEAD + text)
    warnings: list[Fault] = []
    try:
        load_site("sites/lab.yaml", catalogue, warnings.append)
    except InvalidFiles as invalid:
        return [str(fault) for fault in invalid.faults]
    return [str(warning) for warning in warnings]


def test_beside_the_site_a_fault_shows_what_stands_there(write: Write, catalogue: Catalogue) -> None:
    write("sites/lists/mine.txt", f"a.example\n{ELSEWHERE}\n")

    (told,) = faults(write, catalogue, "admit: [{file: lists/mine.txt}]\n")

    assert told.startswith("sites/lists/mine.txt:2: ")
    assert ELSEWHERE in told


@pytest.mark.parametrize(
    "text",
    [
        "admit: [{file: ../passwd}]",
        "admit: [{file: ABSOLUTE}]",
        "deny: [{file: ../passwd}]",
        "admit: [{file: link.txt}]",
        "admit: [{file: folder/passwd}]",
        "admit: [{file: ../passwd, dialect: zscaler}]",
        "admit: [{file: ../passwd, format: csv, column: name}]",
        "admit: [{file: ../passwd, format: chrome-json}]",
        "admit: [{file: ../passwd, format: squid}]",
        "admit: [{file: ../conf, format: squid}]",
        "extends: ../passwd",
        "extends: ./link.txt",
    ],
)
def test_elsewhere_it_names_the_file_and_the_line_alone(write: Write, catalogue: Catalogue, text: str) -> None:
    secret = write("passwd", f"{ELSEWHERE}\n")
    write("conf", f"acl one dstdomain {ELSEWHERE}\nacl two {ELSEWHERE}\nhttp_access allow {ELSEWHERE}\n")
    write("sites/lab.yaml", "")
    Path("sites/link.txt").symlink_to("../passwd")
    Path("sites/folder").symlink_to("..")

    told = faults(write, catalogue, text.replace("ABSOLUTE", str(secret.resolve())) + "\n")

    assert told
    assert not [each for each in told if "secret" in each]


def test_what_is_said_instead(write: Write, catalogue: Catalogue) -> None:
    write("passwd", f"a.example\n{ELSEWHERE}\n")

    assert faults(write, catalogue, "admit: [{file: ../passwd}]\n") == [f"sites/../passwd:2: {NOT_SHOWN}"]


def test_a_site_file_that_is_extended_shows_its_faults_wherever_it_lies(write: Write, catalogue: Catalogue) -> None:
    write("base.yaml", "version: 1\nsite: base\nenforc: true\n")

    (told,) = faults(write, catalogue, "extends: ../base.yaml\n")

    assert "unknown key `enforc`" in told
