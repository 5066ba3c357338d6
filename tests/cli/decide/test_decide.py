"""`tierwall decide`: lines in, answers out in their order, at once, and its exit status."""

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.running import ADDON
from tierwall.cli.decide.decide import LINE_OCTETS, answer_all

COMMAND = [sys.executable, "-m", "tierwall", "decide", "--speak"]
LONG = LINE_OCTETS + 1


def decide(speak: str, given: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, speak, "--site", "8x8-core-only", *more],
        input=given,
        text=True,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ADDON)},
    )


class Counting:
    """Says how long each line was."""

    nonsense = 0

    def answer(self, line: bytes) -> bytes:
        return b"%d " % len(line)

    def refuse(self, why: str) -> bytes:
        assert "longer" in why
        return b"no "


def answered(blocks: list[bytes]) -> list[str]:
    waiting, written = iter([*blocks, b""]), list[bytes]()
    answer_all(Counting(), lambda: None, lambda _: next(waiting), written.append)
    return b"".join(written).decode().split()


def test_answers_come_in_the_order_of_the_questions() -> None:
    hosts = ["8x8.vc", "api.amplitude.com", "evil.example", "8x8.vc"]

    done = decide("jsonl", "".join(json.dumps({"host": host, "port": 443}) + "\n" for host in hosts))

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["target"] for each in found] == [f"{host}:443" for host in hosts]
    assert [each["reason"] for each in found] == [None, "tier-closed", "unlisted", None]
    assert done.returncode == 0


def test_a_line_that_is_no_question_is_answered_and_is_bad_input() -> None:
    done = decide("jsonl", '8x8.vc:443\n{"host": "8x8.vc", "port": 443}\n')

    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["deny", "allow"]
    assert done.returncode == 2
    assert "no question" in done.stderr


def test_a_site_that_does_not_load_is_bad_input_before_anything_is_answered() -> None:
    done = decide("squid", "0 8x8.vc 443\n", "--site", "8x8-core-onyl")

    assert (done.returncode, done.stdout) == (2, "")
    assert "8x8-core-only" in done.stderr


def test_an_answer_does_not_wait_for_the_next_question() -> None:
    with subprocess.Popen(
        [*COMMAND, "squid"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ADDON)}
    ) as helper:
        assert helper.stdin is not None
        assert helper.stdout is not None
        for channel in range(3):
            helper.stdin.write(b"%d 8x8.vc 443 CONNECT - -\n" % channel)
            helper.stdin.flush()
            assert helper.stdout.readline().startswith(b"%d OK " % channel)
        helper.stdin.close()
        assert helper.wait(10) == 0


@given(st.lists(st.integers(0, 40)), st.data())
def test_lines_are_the_same_however_the_input_is_cut(lengths: list[int], data: st.DataObject) -> None:
    whole = b"".join(b"x" * length + b"\n" for length in lengths)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    blocks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a != b]

    assert answered(blocks) == [str(length) for length in lengths]


@pytest.mark.parametrize(
    "blocks", [[b"x" * LONG, b"more\nabc\n"], [b"x" * LONG + b"\nabc\n"], [b"x" * LONG, b"y\n", b"abc\n"]]
)
def test_a_line_that_is_too_long_has_one_answer_and_the_next_is_read(blocks: list[bytes]) -> None:
    assert answered(blocks) == ["no", "3"]


def test_the_last_line_needs_no_end() -> None:
    assert answered([b"ab\nabc"]) == ["2", "3"]
    assert answered([b"x" * LONG]) == ["no"]


def test_five_thousand_questions_a_second_are_answered(tmp_path: Path) -> None:
    questions = tmp_path / "questions"
    questions.write_text("".join(f"{n % 50} h{n}.8x8.vc 443 CONNECT - 10.0.0.1\n" for n in range(20_000)))

    before = getrusage(RUSAGE_CHILDREN).ru_utime
    with questions.open() as lines:
        done = subprocess.run(
            [*COMMAND, "squid"], stdin=lines, capture_output=True, check=True, env={"PYTHONPATH": str(ADDON)}
        )

    assert done.stdout.count(b" OK ") == 20_000
    assert getrusage(RUSAGE_CHILDREN).ru_utime - before < 20_000 / 5_000
