"""The report that `tierwall run --report` writes: of this run alone, and none where nothing happened."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.report.scene import NOON, scene
from tierwall.cli.reporting.of_run import report_of_run
from tierwall.events import to_line


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    events = list(map(to_line, scene()))
    (tmp_path / "j.jsonl.1").write_bytes(b"".join(events[:5]))
    (tmp_path / "j.jsonl").write_bytes(b"".join(events[5:]))
    return tmp_path / "j.jsonl"


def test_what_was_rotated_away_meanwhile_is_in_it(journal: Path, tmp_path: Path) -> None:
    report_of_run(tmp_path / "r.md", journal, NOON.timestamp(), ())

    text = (tmp_path / "r.md").read_text()
    assert "tier-closed" in text
    assert "evil8x8.com" in text


def test_what_was_there_before_is_not(journal: Path, tmp_path: Path) -> None:
    report_of_run(tmp_path / "r.md", journal, NOON.timestamp() + 5, ())

    text = (tmp_path / "r.md").read_text()
    assert "evil8x8.com" in text
    assert "api.amplitude.com" not in text


def test_where_nothing_happened_none_is_written(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_of_run(tmp_path / "r.md", journal, datetime.now(UTC).timestamp() + 60, ())

    assert not (tmp_path / "r.md").exists()
    assert "is not written, because nothing happened" in " ".join(capsys.readouterr().err.split())
