"""A destination a line in, the object of `explain --json` a line out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decide.asking import judging
from tierwall.cli.sites.explain import Question, explain
from tierwall.decide.jsonl import JsonLines
from tierwall.report.explanation import as_json


def asked(question: object, site: str = "8x8-core-only") -> dict[str, Any]:
    line = question if isinstance(question, str) else json.dumps(question)
    answer: dict[str, Any] = json.loads(JsonLines(judging(site)).answer(line.encode()))
    return answer


@pytest.mark.parametrize(
    ("question", "target"),
    [
        ({"host": "api.amplitude.com", "port": 443}, "api.amplitude.com:443"),
        ({"host": "WWW.8x8.vc.", "port": 443}, "WWW.8x8.vc.:443"),
        ({"host": "168.138.110.244", "port": 443}, "168.138.110.244:443"),
        ({"host": "168.138.110.244", "port": 3478, "transport": "udp"}, "udp://168.138.110.244:3478"),
    ],
)
def test_it_says_what_explain_says(question: dict[str, object], target: str) -> None:
    (explained,) = json.loads(as_json(explain(Question(targets=(target,), site="8x8-core-only"))))

    assert asked(question) == {**explained, "target": asked(question)["target"]}


def test_an_answer_is_one_line_of_ascii() -> None:
    line = JsonLines(judging("reference")).answer(b'{"host": "8x8.vc", "port": 443}')

    assert line.isascii()
    assert line.count(b"\n") == 1
    assert line.endswith(b"}\n")


def test_a_server_name_is_judged_beside_the_host() -> None:
    found = asked({"host": "8x8.vc", "port": 443, "sni": "evil8x8.com"})

    assert (found["verdict"], found["reason"]) == ("deny", "name-mismatch")


def test_an_address_beside_a_host_is_where_its_name_leads() -> None:
    assert asked({"host": "8x8.vc", "port": 443, "address": "203.0.113.7"})["verdict"] == "allow"
    assert asked({"host": "8x8.vc", "port": 443, "address": "10.1.2.3"})["reason"] == "private-address"


def test_an_address_without_a_host_is_a_flow_without_a_name() -> None:
    assert asked({"address": "192.0.2.1", "port": 443})["reason"] == "address-only"


def test_a_server_name_speaks_for_an_address_that_no_proxy_was_asked_for() -> None:
    assert asked({"address": "203.0.113.7", "port": 443, "sni": "meet.8x8.vc"})["verdict"] == "allow"
    assert asked({"host": "203.0.113.7", "port": 443, "sni": "meet.8x8.vc"})["reason"] == "name-mismatch"


def test_a_port_may_be_written_as_text() -> None:
    assert asked({"host": "8x8.vc", "port": "443"})["verdict"] == "allow"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "the line is no question"),
        ("8x8.vc:443", "the line is no question"),
        ("[1]", "the line is no question"),
        ('{"host": "8x8.vc"}', "`port`"),
        ('{"host": "8x8.vc", "port": 0}', "from 1 to 65535"),
        ('{"host": "8x8.vc", "port": 443, "trasport": "udp"}', "`trasport`"),
        ('{"host": "8x8.vc", "port": 443, "transport": "sctp"}', "sctp"),
        ('{"port": 443}', "no destination"),
        ('{"host": "\\ud800", "port": 443}', "the line is no question"),
    ],
)
def test_what_is_no_question_is_denied_and_counted(line: str, said: str) -> None:
    protocol = JsonLines(judging("observe"))  # which lets everything else through

    found = json.loads(protocol.answer(line.encode()))

    assert (found["verdict"], found["reason"]) == ("deny", "malformed")
    assert said in found["detail"]
    assert protocol.nonsense == 1


@pytest.mark.parametrize("host", ["a..b", "", "*.8x8.vc", "8x8.vc/path", "1.2.3.4.5", "x" * 300])
def test_a_host_that_is_none_is_denied_and_no_nonsense(host: str) -> None:
    protocol = JsonLines(judging("observe"))

    found = json.loads(protocol.answer(json.dumps({"host": host, "port": 443}).encode()))

    assert (found["verdict"], found["reason"], protocol.nonsense) == ("deny", "malformed", 0)


JUDGING = judging("closed")


@given(st.binary(max_size=200).filter(lambda line: b"\n" not in line))
def test_every_line_has_one_answer_and_none_admits_under_a_closed_site(line: bytes) -> None:
    assert json.loads(JsonLines(JUDGING).answer(line))["verdict"] == "deny"
