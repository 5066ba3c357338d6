"""What is sent back: written, sealed, read leniently."""

import json

import pytest

from tierwall.probe.result_file import NotAResult, from_json, to_json
from tierwall.probe.values import Check, Result, State

CHECKS = (
    Check(
        what="tls",
        target="vevox.app:443",
        state=State.DEGRADED,
        saw="untrusted",
        vendor="vevox",
        service="content",
        tier="core",
        ms=12.5,
        detail={"issuer": "Corporate CA", "version": "TLSv1.3"},
    ),
    Check(what="clock", target="", state=State.NOT_RUN, saw="stopped"),
)
RESULT = Result(
    when="2026-11-27T12:00:00Z", system={"os": "Linux"}, proxy={"used": "none"}, checks=CHECKS, vendors=("vevox",)
)


def altered(**changes: object) -> str:
    return json.dumps(json.loads(to_json(RESULT)) | changes)


def test_what_is_written_is_read_as_it_was() -> None:
    assert from_json(to_json(RESULT)) == RESULT


def test_the_names_are_those_that_others_rely_on() -> None:
    found = json.loads(to_json(RESULT))

    assert found["probe"] == 1
    assert {"when", "system", "proxy", "checks"} <= set(found)
    assert set(found["checks"][0]) == {"vendor", "service", "tier", "what", "target", "state", "saw", "ms", "detail"}


def test_an_edited_file_says_so_and_is_read() -> None:
    read = from_json(altered(when="2025-01-01T00:00:00Z"))

    assert read.notes == ("is not as the probe wrote it: its seal does not fit",)
    assert read.checks == CHECKS


def test_another_version_is_read_as_far_as_it_goes_and_said() -> None:
    checks = [*json.loads(to_json(RESULT))["checks"], {"what": "smell", "state": "delicious"}]

    read = from_json(altered(probe=7, checks=checks))

    assert read.checks == CHECKS
    assert read.notes[0] == "is of version 7, this reads version 1: what it does not know is left out"
    assert read.notes[-1].startswith("check 3 could not be read")


def test_a_file_that_was_stopped_says_so() -> None:
    assert from_json(to_json(Result(**{**vars(RESULT), "whole": False}))).notes == (
        "was stopped before its end: what is missing was not run",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON"),
        (to_json(RESULT)[:200], "ends in the middle"),
        ("[]", "is no result of a probe"),
        ('{"probe": 1}', "is no result of a probe"),
        ("[" * 100_000, "nested deeper"),
    ],
    ids=["empty", "truncated", "a list", "no checks", "nested"],
)
def test_what_is_no_result_is_refused_with_the_mend(text: str, why: str) -> None:
    with pytest.raises(NotAResult, match=why):
        from_json(text)
