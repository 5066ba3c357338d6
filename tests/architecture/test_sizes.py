"""No house grows until nobody finds anything in it: files of 300 lines, folders of 15 files and 2,000 lines at most."""

from collections.abc import Iterable
from pathlib import Path

ADDON = Path(__file__).parents[2] / "addon" / "tierwall"
FILE_LINES = 300
FOLDER_FILES, FOLDER_LINES = 15, 2000


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def too_large(folders: Iterable[Path]) -> list[str]:
    """Folders with more than a reader keeps in mind, not counting what lies in parts of their own."""
    found = []
    for folder in folders:
        files = list(folder.glob("*.py"))
        total = sum(map(lines, files))
        if len(files) > FOLDER_FILES or total > FOLDER_LINES:
            found.append(f"{folder.relative_to(ADDON)}: {len(files)} files, {total} lines")
    return sorted(found)


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    long = [f"{path.relative_to(ADDON)}: {lines(path)}" for path in ADDON.rglob("*.py") if lines(path) > FILE_LINES]

    assert long == [], "divide them along what they know"


def test_no_folder_of_proxy_is_without_parts_where_it_is_large() -> None:
    proxy = ADDON / "proxy"

    assert too_large(each for each in (proxy, *proxy.rglob("*")) if each.is_dir()) == [], "move a part into a folder"


def test_nor_is_one_of_the_policy_core() -> None:
    policy = ADDON / "policy"

    assert too_large(each for each in (policy, *policy.rglob("*")) if each.is_dir()) == [], "move a part into a folder"
