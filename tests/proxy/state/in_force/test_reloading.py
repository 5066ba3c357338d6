"""Files that change while the proxy runs: new ones hold, broken ones leave the old ones in force."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policy.catalogues import connect
from tests.support.endpoints import run
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.attempt import Action
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.in_force import reloading
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.in_force.loading import Named
from tierwall.proxy.state.in_force.reloading import Reloading

HEAD = "version: 1\nsite: mine\n"
OPEN = f"{HEAD}admit: [{{hosts: [a.corp.example]}}]\n"
CLOSED = f"{HEAD}admit: []\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks as often as a test can wait for."""
    monkeypatch.setattr(reloading, "_LOOK_EVERY_S", 0.001)


def _after(tmp_path: Path, *changes: Callable[[Path], object]) -> tuple[ActivePolicy, list[str | InvalidFiles]]:
    """The active policy, and what each change came to, of a site that begins as OPEN."""
    path = tmp_path / "site.yaml"
    path.write_text(OPEN, encoding="utf-8")
    catalogue = load_catalogue([])
    active_policy = ActivePolicy(load_site(str(path), catalogue), catalogue)
    watch = Reloading(Named(str(path), []), BehaviourOverrides(active_policy))

    async def scene() -> list[str | InvalidFiles]:
        outcomes = []
        for change in changes:
            change(path)
            outcomes.append(await watch.changed())
        return outcomes

    return active_policy, run(scene)


def _admits(active_policy: ActivePolicy) -> bool:
    return active_policy.judge(connect("a.corp.example")).action is Action.ALLOW


def _write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _replace(text: str) -> Callable[[Path], object]:
    """As editors save: a new file in the old one's place."""

    def save(path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)

    return save


@pytest.mark.parametrize("save", [_write, _replace])
def test_a_changed_site_holds_for_what_comes_next(
    tmp_path: Path, save: Callable[[str], Callable[[Path], object]]
) -> None:
    active_policy, outcomes = _after(tmp_path, save(CLOSED))

    assert outcomes == ["site.yaml is in force (1 entry fewer)"]
    assert not _admits(active_policy)


@pytest.mark.parametrize("broken", ["version: 1\nsite: mine\nadmitt: []\n", "\t", "", "a: [", "x: \x00"])
def test_a_file_that_does_not_load_leaves_the_old_one_in_force(tmp_path: Path, broken: str) -> None:
    active_policy, [outcome] = _after(tmp_path, _write(broken))

    assert isinstance(outcome, InvalidFiles)
    assert "site.yaml" in str(outcome)
    assert _admits(active_policy)


def test_a_file_that_is_gone_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    active_policy, [outcome] = _after(tmp_path, Path.unlink)

    assert isinstance(outcome, InvalidFiles)
    assert _admits(active_policy)


def test_a_mended_file_holds(tmp_path: Path) -> None:
    active_policy, [broken, gone, mended] = _after(tmp_path, _write("a: ["), Path.unlink, _write(CLOSED))

    assert (type(broken), type(gone), mended) == (InvalidFiles, InvalidFiles, "site.yaml is in force (1 entry fewer)")
    assert not _admits(active_policy)


def test_a_file_that_is_only_touched_is_loaded_again_and_means_the_same(tmp_path: Path) -> None:
    active_policy, outcomes = _after(tmp_path, lambda path: os.utime(path, (1, 1)))

    assert outcomes == ["site.yaml is in force (as many entries, behaviours and rules as before)"]
    assert _admits(active_policy)


def test_a_list_that_the_site_names_is_watched_too(tmp_path: Path) -> None:
    hosts = tmp_path / "list.txt"
    hosts.write_text("other.example\n", encoding="utf-8")

    active_policy, outcomes = _after(
        tmp_path,
        _write(f"{HEAD}admit: [{{file: list.txt}}]\n"),
        lambda _: hosts.write_text("a.corp.example\n", encoding="utf-8"),
    )

    assert outcomes == [
        "site.yaml is in force (as many entries, behaviours and rules as before)",
        "list.txt is in force (as many entries, behaviours and rules as before)",
    ]
    assert _admits(active_policy)
