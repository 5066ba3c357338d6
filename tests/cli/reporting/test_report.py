"""`tierwall report` as it is typed: files in, forms out, every fault at once."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tests.report.findings.results import JOURNAL, PROBE, REPRODUCTION, octets
from tests.support.needs import needs
from tierwall.cli import cli


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "j.jsonl").write_bytes(JOURNAL)
    (tmp_path / "p.json").write_bytes(octets(PROBE))
    (tmp_path / "r.json").write_bytes(octets(REPRODUCTION))
    return tmp_path


def report(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["report", *arguments], input=stdin)


def test_several_results_make_one_report_in_each_form(here: Path) -> None:
    done = report("j.jsonl", "p.json", "r.json", "-o", "x.html", "--markdown", "x.md", "--junit", "x.xml")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    page = (here / "x.html").read_text()
    assert page.count('class="data"') == 3
    assert "<script" not in page
    assert "turn-relay" in (here / "x.md").read_text()
    assert ElementTree.parse(here / "x.xml").getroot().attrib["failures"] != "0"  # noqa: S314 - our own


def test_without_a_form_it_is_text_on_stdout() -> None:
    done = report("p.json")

    assert done.stdout.startswith("Of 2 tested services, 1 is broken (core: 8x8 turn-relay)")
    assert "10.1.2.3" in done.stdout or "secret" not in done.stdout


def test_stdin_and_stdout_are_dashes() -> None:
    done = report("-", "--markdown", "-", stdin=octets(PROBE))

    assert done.stdout.startswith("## What the network does to 8x8")
    assert "| `stdin` | probe |" in done.stdout


def test_the_same_client_has_the_same_pseudonym_in_every_report() -> None:
    first, second = report("j.jsonl"), report("r.json", "j.jsonl")

    names = [{word for word in done.stdout.split() if word.startswith("client-")} for done in (first, second)]
    assert names[0]
    assert names[0] <= names[1]
    assert "10.77.1.2" not in first.stdout
    assert "10.77.1.2" in report("j.jsonl", "--show-clients").stdout


def test_the_change_request_is_spelled_in_the_dialect_that_was_asked_for() -> None:
    assert "vevox.app/" in report("j.jsonl", "--dialect", "pan-os").stdout


def test_a_changed_source_is_told_and_makes_the_status_1(here: Path) -> None:
    (here / "r.json").write_bytes(octets(REPRODUCTION | {"site": "another"}))

    done = report("r.json")

    assert done.exit_code == 1
    assert "r.json was changed after it was written" in done.stderr


def test_every_fault_is_named_at_once(here: Path) -> None:
    (here / "cut.json").write_bytes(octets(PROBE)[:200])
    (here / "log").write_text("no result\n")

    done = report("cut.json", "log", "missing.json", str(here))

    assert done.exit_code == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "cut.json",
        "log",
        "missing.json",
        *[line.partition(":")[0] for line in done.stderr.splitlines()[3:]],
    ]
    assert len(done.stderr.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["p.json", "-o", "p.json"], "p.json: is one of the sources"),
        (["p.json", "-o", "x.pdf"], "it is --pdf x.pdf"),
        (["p.json", "--dialect", "pan-oss"], "pan-os"),
        (["p.json", "-o", "x", "--markdown", "x"], "x: is to hold two forms"),
        (["p.json", "-o", "no/such/folder.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(arguments: list[str], says: str, here: Path) -> None:
    done = report(*arguments)

    assert done.exit_code == 2
    assert says in done.stderr
    assert json.loads((here / "p.json").read_bytes()) == PROBE


@needs("chromium")
def test_a_pdf_is_printed_by_chromium(here: Path) -> None:
    done = report("p.json", "--pdf", "x.pdf")

    assert done.exit_code == 0, done.stderr
    assert (here / "x.pdf").read_bytes().startswith(b"%PDF-")


def test_without_chromium_a_pdf_is_not_written_and_the_rest_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierwall.programs.find", lambda _name, _path=None: None)

    done = report("p.json", "--pdf", "x.pdf", "-o", "x.html")

    assert done.exit_code == 2
    assert "--pdf: chromium is not installed (package chromium)" in done.stderr
    assert (here / "x.html").exists()
    assert not (here / "x.pdf").exists()
