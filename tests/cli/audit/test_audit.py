"""`tierwall audit` as it is typed: forms, exit status, packed and broken files."""

import bz2
import gzip
import json
import lzma
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.audit.logs import squid
from tierwall.cli import cli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DENIED = squid("api.amplitude.com:443") + "\n"
ALLOWED = squid("8x8.vc:443", "TCP_TUNNEL/200") + "\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def audit(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, arguments)], input=stdin)


def answers(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(audit("--json", *arguments).stdout)
    return found


def log(folder: Path, content: str | bytes, name: str = "access.log") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_status_says_whether_something_of_a_vendor_was_denied(tmp_path: Path) -> None:
    assert audit(log(tmp_path, DENIED)).exit_code == 1
    assert audit(log(tmp_path, ALLOWED)).exit_code == 0
    assert audit(tmp_path / "nowhere.log").exit_code == 2


def test_people_read_what_breaks_and_what_would_open_it(tmp_path: Path) -> None:
    said = audit(log(tmp_path, DENIED + ALLOWED)).stdout

    assert "2 records: 1 allowed, 1 denied" in said
    assert "Broken: denied by this network" in said
    assert "8x8 / analytics  analytics" in said
    assert "api.amplitude.com:443" in said
    assert "as `squid` reads it" in said


def test_clients_have_pseudonyms_that_stay_the_same_unless_they_are_asked_for(tmp_path: Path) -> None:
    path = log(tmp_path, DENIED)

    def clients(*options: str) -> list[str]:
        found: list[str] = answers(path, *options)["broken"][0]["destinations"][0]["clients"]
        return found

    assert clients() == clients()
    assert clients()[0].startswith("client-")
    assert "10.0.0.1" not in audit(path).stdout
    assert clients("--show-clients") == ["10.0.0.1"]


def test_what_is_absent_is_left_out(tmp_path: Path) -> None:
    found = answers(log(tmp_path, DENIED))

    assert "as_site" not in found
    assert "never_hit" not in found
    assert "address" not in found["broken"][0]["destinations"][0]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.gz", gzip.compress),
        ("a.xz", lzma.compress),
        ("a.bz2", bz2.compress),
        ("a.zst", zstd.compress),
        ("packed-without-an-ending", gzip.compress),
    ],
)
def test_packed_files_are_unpacked(tmp_path: Path, name: str, pack: Any) -> None:
    found = answers(log(tmp_path, pack(DENIED.encode() * 1000), name))

    assert found["totals"]["denied"] == 1000


def test_folders_and_stdin_are_read(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log(tmp_path / "logs", DENIED, "b.log")
    log(tmp_path / "logs", gzip.compress(ALLOWED.encode()), "a.log.1.gz")

    found = answers(tmp_path / "logs")

    assert [Path(each["file"]).name for each in found["sources"]] == ["a.log.1.gz", "b.log"]
    assert json.loads(audit("--json", "-", stdin=DENIED.encode()).stdout)["totals"]["denied"] == 1


def test_every_form_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    path = log(tmp_path, DENIED)
    forms = ["--html", tmp_path / "a.html", "--junit", tmp_path / "a.xml", "--markdown", "-"]

    ended = audit(path, *forms)

    assert ended.exit_code == 1
    assert ended.stdout.startswith("## What the network breaks")
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert 'failures="1"' in (tmp_path / "a.xml").read_text()


def test_a_site_that_is_written_from_the_log_behaves_as_it(tmp_path: Path) -> None:
    path = log(tmp_path, DENIED + ALLOWED)
    audit(path, "--write-site", tmp_path / "theirs.yaml")

    found = answers(path, "--site", tmp_path / "theirs.yaml")["as_site"]

    assert (found["site"], found["destinations"], found["disagreements"]) == ("theirs", {"same": 2, "differ": 0}, [])


def test_a_form_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    assert audit(log(tmp_path, DENIED), "--html", tmp_path / "nowhere" / "a.html").exit_code == 2


# Bad input


def test_a_packed_file_that_ends_early_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = "".join(squid("8x8.vc:443", "TCP_TUNNEL/200", at=1764230400 + at * 7.3) + "\n" for at in range(20000))
    packed = gzip.compress(lines.encode())

    found = answers(log(tmp_path, packed[: len(packed) // 2], "cut.log.gz"))

    assert 0 < found["totals"]["records"] < 20000
    assert "ends early" in found["sources"][0]["unreadable"][0]["kind"]


def test_a_binary_file_is_no_log(tmp_path: Path) -> None:
    ended = audit(log(tmp_path, bytes(range(256)) * 500))

    assert ended.exit_code == 2
    assert "is no text" in ended.stderr


def test_a_line_of_ten_megabytes_is_counted_and_skipped(tmp_path: Path) -> None:
    found = answers(log(tmp_path, DENIED.encode() + b"x" * 10_000_000 + b"\n" + ALLOWED.encode()))

    assert (found["totals"]["denied"], found["totals"]["allowed"]) == (1, 1)
    assert [(each["lines"], each["line"]) for each in found["sources"][0]["unreadable"]] == [(1, 2)]


def test_line_ends_and_marks_of_windows_are_no_part_of_a_line(tmp_path: Path) -> None:
    text = (DENIED + ALLOWED).replace("\n", "\r\n")

    for content in (b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le")):
        found = answers(log(tmp_path, content))

        assert found["totals"] | {"records": 2, "denied": 1, "allowed": 1} == found["totals"]
        assert found["sources"][0]["unread"] == 0


def test_clocks_of_four_zones_are_one(tmp_path: Path) -> None:
    line = '10.20.0.7 - jo [{}] "CONNECT api.amplitude.com:443 HTTP/1.1" 403 39 TCP_DENIED:HIER_NONE'
    clocks = ["27/Nov/2026:08:00:00 +0000", "27/Nov/2026:09:30:00 +0100", "27/Nov/2026:03:15:00 -0500"]
    utc = squid("api.amplitude.com:443", at=1795768200)  # 08:30, behind the last of these

    found = answers(log(tmp_path, "\n".join([*map(line.format, clocks), "27 Nov", utc]) + "\n"))

    (row,) = found["broken"][0]["destinations"]
    assert (row["denied"], row["first"], row["last"]) == (4, "2026-11-27T08:00:00Z", "2026-11-27T08:30:00Z")


def test_an_empty_file_is_a_source_without_lines(tmp_path: Path) -> None:
    ended = audit("--json", log(tmp_path, ""))

    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["sources"][0]["lines"] == 0


def test_a_file_of_several_formats_is_read_in_each(tmp_path: Path) -> None:
    common = '10.20.0.7 - jo [27/Nov/2026:08:00:06 +0100] "CONNECT 8x8.vc:443 HTTP/1.1" 200 39 TCP_TUNNEL:HIER_DIRECT\n'

    found = answers(log(tmp_path, DENIED * 3 + common + ALLOWED))

    assert [(each["format"], each["read"]) for each in found["sources"]] == [("squid", 4), ("squid-common", 1)]


def test_many_unreadable_lines_are_said_first(tmp_path: Path) -> None:
    path = log(tmp_path, DENIED * 9 + "what is this\n")

    assert "10% of its lines could not be read as squid" in " ".join(audit(path).stdout.split())
    assert "could not be read" in audit("--json", path).stderr


def test_every_fault_of_the_command_line_is_named_at_once(tmp_path: Path) -> None:
    ended = audit(
        log(tmp_path, DENIED),
        "--format",
        "squit",
        "--vendor",
        "8x9",
        "--tier",
        "cor",
        "--since",
        "then",
        "--dialect",
        "x",
    )

    assert ended.exit_code == 2
    assert "did you mean `squid`?" in ended.stderr
    assert all(word in ended.stderr for word in ("--vendor", "--tier", "--since", "--dialect"))


def test_what_a_log_holds_is_never_acted_on(tmp_path: Path) -> None:
    path = log(tmp_path, DENIED.replace("TCP_DENIED", "TCP_DENIED") + "\x1b]0;owned\x07 [red]x[/red]\n")

    said = audit(path).stdout

    assert "\x1b" not in said
    assert "[red]x" in said
