"""`NAME KEY=VALUE…`, as people type it for a running proxy -> a switch, or a fault with the mend.

Knows spellings as a site file has them; what a switch does is policy/behaviour's.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tierwall.loader.faults import Fault, InvalidFiles, quoted, unknown
from tierwall.loader.forms.behaviour_entries import contradictions, unknown_words, users_in
from tierwall.loader.forms.behaviours import BehaviourForm, form_of
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.yaml.tree import Document, tree_of
from tierwall.policy.behaviour import BY_NAME, Behaviour
from tierwall.policy.behaviour.switching import Switch
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

_SCOPE: Final = "scope."


def switch_off(name: str) -> Switch:
    """No behaviour of that name acts. Raises InvalidFiles where there is no such name."""
    return Switch(_known(name), ())


def switch_on(name: str, assignments: Sequence[str], site: Site, catalogue: Catalogue) -> Switch:
    """The site's own of that name with these parameters; where it has none, one with these and the defaults.

    `assignments` are `KEY=VALUE`, with values as a site file spells them, and `scope.KEY` for its scope. Files
    that they name are relative to the site's.

    Raises:
        InvalidFiles: With every fault, in the words that a site file would get.
    """
    _known(name)
    own = [behaviour for behaviour in site.behaviours if type(behaviour) is BY_NAME[name]]
    document = _document(name, assignments)
    folder = Path(site.paths[0]).parent if site.paths else Path()
    filled = shape_faults(document, form_of(name, partial=bool(own)))
    if isinstance(filled, list):
        raise InvalidFiles(map(_bare, filled))
    try:
        found = _specs(filled, own, folder)
    except ValueError as fault:
        raise InvalidFiles([Fault("", None, "users", str(fault))]) from None
    faults = [Fault("", None, key, message) for each in found for key, message in contradictions(each)]
    faults += [_bare(fault) for each in found for fault in unknown_words(document, (), each.scope, catalogue)]
    if faults:
        raise InvalidFiles(faults)
    return Switch(name, found)


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise InvalidFiles([Fault("", None, "", unknown("behaviour", name, tuple(BY_NAME)))])
    return name


def _specs(filled: BehaviourForm, own: Iterable[Behaviour], folder: Path) -> tuple[Behaviour, ...]:
    changed = tuple(filled.changed(each, lambda file: users_in(folder / file)) for each in own)
    return changed or (filled.spec(lambda file: users_in(folder / file)),)


def _document(name: str, assignments: Sequence[str]) -> Document:
    """The same as a file with one entry would be read. Raises InvalidFiles."""
    faults: list[Fault] = []
    lines, scope = [f"behaviour: {name}"], list[str]()
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key or not value or not assignment.isprintable():
            faults.append(Fault("", None, "", f"{quoted(assignment)} is not KEY=VALUE, as in after=60s"))
        elif key.startswith(_SCOPE):
            scope.append(f"  {key.removeprefix(_SCOPE)}: {value}")
        else:
            lines.append(f"{key}: {value}")
    if faults:
        raise InvalidFiles(faults)
    try:
        document = tree_of(Path(name), "\n".join([*lines, *(["scope:", *scope] if scope else [])]) + "\n")
    except InvalidFiles as invalid:
        raise InvalidFiles(map(_bare, invalid.faults)) from None
    if document.faults:
        raise InvalidFiles(map(_bare, document.faults))
    return document


def _bare(fault: Fault) -> Fault:
    """Without the place in a file that there is not."""
    return Fault("", None, fault.where, fault.message)
