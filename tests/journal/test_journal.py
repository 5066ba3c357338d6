"""The journal keeps what it is given, whole lines only, and says what it could not keep."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tierwall.events import Action, Context, Event, Stage, error, fault, to_line
from tierwall.journal import CannotJournal, Journal, Unreadable, journal_files, read_journal

NOW = datetime(2026, 11, 21, 2, 3, 4, 567000, tzinfo=UTC)


def an_event(number: int = 0) -> Event:
    return fault(f"number {number}", Stage.CONFIG, when=NOW, id=str(number))


class Said:
    """Takes what the journal says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._came = threading.Condition()

    def __call__(self, what: str) -> None:
        with self._came:
            self.all.append(what)
            self._came.notify_all()

    def wait_for(self, part: str) -> str:
        with self._came:
            assert self._came.wait_for(lambda: any(part in what for what in self.all), 10), self.all
        return next(what for what in self.all if part in what)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_what_is_written_reads_back_in_order(path: Path, said: Said) -> None:
    journal = Journal(path, said)
    events = [an_event(number) for number in range(1000)]

    for event in events:
        journal.write(event)
    journal.close()

    assert list(read_journal(path)) == events
    assert (journal.lost, said.all) == (0, [])


def test_the_file_is_for_its_owner_alone_even_where_it_was_not(path: Path, said: Said) -> None:
    path.touch(0o644)

    Journal(path, said).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_somebody_died_in_does_not_spoil_the_next(path: Path, said: Said) -> None:
    path.write_bytes(to_line(an_event(1)) + b'{"@timestamp": "2026')
    journal = Journal(path, said)

    journal.write(an_event(2))
    journal.close()

    before, torn, after = read_journal(path)
    assert (before, after) == (an_event(1), an_event(2))
    assert isinstance(torn, Unreadable)
    assert torn.line == 2


def test_it_rotates_by_size_and_keeps_a_number_of_files(path: Path, said: Said) -> None:
    for number in range(6):
        journal = Journal(path, said, rotate_octets=1, keep=3)
        journal.write(an_event(number))
        journal.close()

    assert [file.name for file in journal_files(path)] == [
        "journal.jsonl.3", "journal.jsonl.2", "journal.jsonl.1", "journal.jsonl",
    ]  # fmt: skip
    assert [event for file in journal_files(path) for event in read_journal(file)] == [
        an_event(number) for number in (2, 3, 4, 5)
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in journal_files(path)} == {0o600}


def test_a_file_that_is_moved_away_is_made_again(path: Path, said: Said) -> None:
    journal = Journal(path, said)
    path.rename(path.with_name("moved"))

    journal.write(an_event())
    journal.close()

    assert list(read_journal(path)) == [an_event()]


WRITE_MANY = """
import sys
from pathlib import Path
from tierwall.journal import Journal
journal = Journal(Path(sys.argv[1]), print, rotate_octets=20_000, keep=1000)
for number in range(400):
    journal.append(b'"' + sys.argv[2].encode() * 500 + b'"\\n')
    if number % 40 == 0:
        journal._thread.join(0.11)
journal.close()
sys.exit(journal.lost)
"""


def test_several_processes_share_one_file_and_its_rotation(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITE_MANY, str(path), name], env=environment) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    lines = [line for file in journal_files(path) for line in file.read_bytes().splitlines(keepends=True)]
    assert len(journal_files(path)) > 1
    assert sorted(lines) == sorted([b'"' + name * 500 + b'"\n' for name in (b"a", b"b", b"c") for _ in range(400)])


@pytest.mark.parametrize(
    ("where", "what"),
    [
        pytest.param("missing/journal.jsonl", "there is no folder", id="missing folder"),
        pytest.param(".", "Is a directory", id="a folder"),
        pytest.param("link", "symbolic link", id="a symbolic link"),
    ],
)
def test_a_file_that_cannot_be_opened_at_the_start_is_no_journal(
    where: str, what: str, tmp_path: Path, said: Said
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CannotJournal, match=what) as refused:
        Journal(tmp_path / where, said)

    assert "\n" not in str(refused.value)
    assert said.all == []


def test_a_full_disk_is_said_once_and_on_exit_the_lost_lines_are_known(said: Said) -> None:
    journal = Journal(Path("/dev/full"), said, retry_s=0.01)

    journal.write(an_event())
    said.wait_for("No space left on device")
    journal.write(an_event())
    journal.close()

    assert journal.lost == 2
    assert len(said.all) == 1


def test_lines_wait_while_the_disk_fails_and_the_journal_tells_of_it_afterwards(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "later" / "journal.jsonl"
    kept = to_line(an_event(1))
    path.parent.mkdir()
    journal = Journal(path, said, retry_s=0.01, waiting_octets=len(kept))
    shutil.rmtree(path.parent)

    journal.append(kept)
    journal.append(to_line(an_event(2)))
    said.wait_for("cannot be written")
    path.parent.mkdir()
    said.wait_for("written again")
    journal.close()

    told, event = read_journal(path)
    assert event == an_event(1)
    assert isinstance(told, Event)
    assert (told.event.action, told.tierwall.stage) == (Action.FAULT, Stage.JOURNAL)
    assert told.error is not None
    assert told.error.message.startswith(
        "journal: 1 line was lost: for 0 s it could not be written: there is no folder"
    )
    assert journal.lost == 1


def test_a_failed_write_leaves_no_part_of_a_line(path: Path, said: Said) -> None:
    script = f"""
import resource, signal, sys
from pathlib import Path
from tierwall.journal.file import LineFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
file = LineFile(Path({str(path)!r}), rotate_octets=10**9, keep=1)
file.write(b"x" * 599 + b"\\n")
try:
    file.write(b"y" * 599 + b"\\n")
except OSError:
    sys.exit(7)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 7
    assert path.read_bytes() == b"x" * 599 + b"\n"


def test_a_killed_process_leaves_whole_lines_and_at_most_one_torn_at_the_end(path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tierwall.journal import Journal
journal = Journal(Path({str(path)!r}), print)
print(flush=True)
while True:
    journal.append(b'"' + b"x" * 1000 + b'"\\n')
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        while not path.exists() or path.stat().st_size < 10_000:
            assert process.poll() is None
        process.kill()
        process.wait()

    *whole, _torn = path.read_bytes().split(b"\n")  # the kernel may stop a large write where the kill finds it
    assert whole
    for line in whole:  # ours, and what the journal itself says where they came faster than the disk took them
        assert json.loads(line) == "x" * 1000 or json.loads(line)["event"]["action"] == "fault"


def test_after_close_a_line_is_lost_and_counted(path: Path, said: Said) -> None:
    journal = Journal(path, said)
    journal.close()

    journal.write(an_event())
    journal.close()

    assert journal.lost == 1


def test_text_that_is_no_unicode_is_cleaned_when_the_event_is_built(path: Path, said: Said) -> None:
    journal = Journal(path, said)

    journal.write(error("bad \udc80 name", Context(when=NOW, id="1", stage=Stage.ACCEPT)))
    journal.close()

    (event,) = read_journal(path)
    assert isinstance(event, Event)
    assert event.error is not None
    assert event.error.message == "bad \\udc80 name"


def test_reading_names_the_lines_that_are_no_events(path: Path) -> None:
    path.write_bytes(b"no\n\n" + b"x" * 200_000 + b"\n" + to_line(an_event()) + b"{}")

    no, long, event, empty = read_journal(path)

    assert [found.line for found in (no, long, empty) if isinstance(found, Unreadable)] == [1, 3, 5]
    assert event == an_event()
