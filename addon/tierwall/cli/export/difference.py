"""`tierwall export --diff OLD`: what changed since an earlier export, or since another version of a policy.

Knows what OLD may be, and how changes are printed; what a change is, is export/change.py's.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tierwall.cli.export.export import Asked, Question
from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk, write
from tierwall.cli.policies import policy_kind
from tierwall.events.hostile_text import visible
from tierwall.export import Export, NothingSelected, Selection, select
from tierwall.export.change import Change, changes, text_changes
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import shown_path
from tierwall.report.wording import plural

_OCTETS: Final = 64 * 1024**2
"""Of an earlier export; more is none of ours."""


def export_diff(question: Question, asked: Asked, selection: Selection, written: Export) -> int:
    """Print what changed. 1 where anything did. Raises BadInput."""
    old = question.old
    if old is None:
        return 0
    kind = policy_kind(old)
    if kind is None:
        found = list(_since_export(old, asked, selection, written))
    else:
        found = list(_since_policy(kind, old, question, asked, selection))
    return say_changes(found)


def say_changes(found: Iterable[Change]) -> int:
    """A line for each; 1 where there is any."""
    lines = [visible(str(change)) for change in found]
    for line in lines:
        write(line)
    talk().print(plural(len(lines), "change") if lines else "nothing changed")
    return int(bool(lines))


def _since_export(old: Path, asked: Asked, selection: Selection, written: Export) -> Iterator[Change]:
    purposes = {
        str(grant).removeprefix("*."): grant.purpose or grant.label
        for kind in asked.lists
        for grant in selection.lists[kind]
    }
    if old.is_dir():
        before = {path.name: _text(path) for path in sorted(old.iterdir()) if path.is_file()}
        after = {file.name: file.text for file in written.files}
        names = [name for name in dict.fromkeys((*before, *after)) if not name.endswith("-about.txt")]
        pairs = [(before.get(name, ""), after.get(name, "")) for name in names]
    else:
        same = [file for file in written.files if file.name == old.name]
        pairs = [(_text(old), (same or list(written.files))[0].text)]
    seen: set[str] = set()
    for one, other in pairs:
        for change in text_changes(one, other, purposes):
            if str(change) not in seen:
                seen.add(str(change))
                yield change


def _since_policy(kind: str, old: Path, question: Question, asked: Asked, selection: Selection) -> Iterator[Change]:
    """The same selection, made from the older file."""
    try:
        if kind == "vendor":
            catalogue = load_catalogue([*question.policies, old])
            before = select(asked.wanted, load_site(question.site, catalogue), catalogue)
        else:
            before = select(asked.wanted, load_site(str(old.absolute()), asked.catalogue), asked.catalogue)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    except NothingSelected as fault:
        raise BadInput([f"{shown_path(old)}: {fault}"]) from None
    for each in asked.lists:
        yield from changes(before.lists[each], selection.lists[each])


def _text(path: Path) -> str:
    try:
        octets = path.read_bytes()[: _OCTETS + 1]
        if len(octets) > _OCTETS:
            raise BadInput([f"{shown_path(path)}: is larger than {_OCTETS // 1024**2} MB: no export is"])
        return octets.decode()
    except UnicodeDecodeError:
        raise BadInput([f"{shown_path(path)}: is not UTF-8, so that it is no export of tierwall's"]) from None
    except OSError as cause:
        raise BadInput([f"{shown_path(path)}: cannot be read: {cause.strerror}"]) from None
