"""YAML text -> plain values that remember their lines, or faults.

Knows YAML and what hostile or careless text does to it; knows nothing of policies. Only the part of YAML that these
files need is read: no anchors, aliases, tags or merge keys, so that there are no bombs, and a bounded depth and size.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path
from tierwall.loader.yaml.octets import read_text, whole_file

type Place = tuple[str | int, ...]
"""The way to a value from the top: keys and list indexes."""

DEPTH = 32
"""Lists and mappings inside one another; policies need 6."""

VALUES = 500_000
"""In one file; 5 MB of `[],` would be more, and a longer list comes by `file:`."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IMPLICIT = yaml.SafeLoader.yaml_implicit_resolvers
"""What YAML 1.1 takes scalars without quotes for, by their first character: tags and regular expressions."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_TRUE = frozenset({"true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class NotText:
    """A scalar without quotes that YAML takes for something other than text, and that no policy needs."""

    kind: str
    raw: str = field(default="", compare=False)
    """As the file spells it."""


@dataclass(slots=True)
class Document:
    """What one file holds."""

    path: Path
    content: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    """Of every value, from 1; of a value in a mapping it is its key's."""
    raw: dict[Place, str] = field(default_factory=dict)
    """How the file spells the scalars that are not text."""
    faults: list[Fault] = field(default_factory=list)
    """Those that leave a tree to look at all the same."""
    spoiled: set[Place] = field(default_factory=set)
    """Where such a fault left no value: nothing more is to be said about these."""

    def fault(self, place: Place, message: str) -> Fault:
        """A fault of the value at that place, at its line or that of the nearest one around it."""
        around = place
        while around and around not in self.lines:
            around = around[:-1]
        return Fault(shown_path(self.path), self.lines.get(around), spelled(place), message)

    def add(self, place: Place, message: str) -> None:
        """Note such a fault."""
        self.faults.append(self.fault(place, message))


def spelled(place: Place) -> str:
    """`rules[3].ports[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else "." + quoted(part)[1:-1] for part in place)
    return text.removeprefix(".")


def read_document(path: Path) -> Document:
    """The tree of a YAML file.

    Raises:
        InvalidFiles: There is no tree: the file cannot be read, or is not YAML.
    """
    return tree_of(path, read_text(path))


def tree_of(path: Path, text: str) -> Document:
    """The same of a text that was read already, or that no file has. Raises InvalidFiles."""
    document = Document(path)
    try:
        _Builder(document).build(text)
    except _TooMuch as fault:
        raise InvalidFiles([Fault(shown_path(path), fault.line, "", str(fault))]) from None
    except yaml.MarkedYAMLError as fault:
        raise InvalidFiles([_syntax_fault(path, fault)]) from None
    except yaml.YAMLError as fault:
        raise whole_file(path, f"is not YAML: {quoted(str(fault))}") from None
    return document


def kind_of(value: object) -> str:
    """What a value is, in the words of messages."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case str():
            return "text"
        case int():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case NotText():
            return value.kind
        case _:
            return type(value).__name__


class _TooMuch(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being filled."""

    into: list[object] | dict[str, object]
    place: Place
    key: str | None = None
    """Of a mapping: the key whose value comes next."""
    keys: dict[str, int] = field(default_factory=dict)
    """Of a mapping: the lines of its keys so far."""


class _Builder:
    """Follows the parser's events with a stack of its own, so that no nesting can exhaust Python's or C's."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._stack: list[_Open] = []
        self._values = 0
        self._documents = 0

    def build(self, text: str) -> None:
        for event in yaml.parse(text, Loader=_LOADER):
            line = 1 if event.start_mark is None else event.start_mark.line + 1
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        raise _TooMuch(line, "a second document begins here: one file holds one")
                case yaml.AliasEvent():
                    place = self._value(line, None)
                    self._document.spoiled.add(place)
                    message = f"`*{event.anchor}` is an alias to YAML: write the value out, or quote it"
                    self._fault(line, message, place)
                case yaml.ScalarEvent():
                    self._check_properties(event, line)
                    self._scalar(event, line)
                case yaml.SequenceStartEvent():
                    self._open([], event, line)
                case yaml.MappingStartEvent():
                    self._open({}, event, line)
                case yaml.CollectionEndEvent():
                    self._stack.pop()
                case _:
                    pass
        if not self._documents or self._values == 0 or (self._values == 1 and self._document.content is None):
            raise whole_file(self._document.path, "is empty")

    def _open(self, into: list[object] | dict[str, object], event: yaml.CollectionStartEvent, line: int) -> None:
        if len(self._stack) >= DEPTH:
            raise _TooMuch(line, f"more than {DEPTH} lists and mappings inside one another")
        self._check_properties(event, line)
        self._stack.append(_Open(into, self._value(line, into)))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        holder = self._stack[-1] if self._stack else None
        value = _resolved(event)
        if holder is not None and isinstance(holder.into, dict) and holder.key is None:
            self._key(holder, event.value, value, line)
            return
        place = self._value(line, value)
        if value is None and place:
            self._document.spoiled.add(place)
            self._fault(self._document.lines[place], "has no value: write one, or leave it out", place)
        if not isinstance(value, str):
            self._document.raw[place] = event.value

    def _key(self, holder: _Open, raw: str, value: object, line: int) -> None:
        place = (*holder.place, raw)
        if raw == "<<":
            self._fault(line, "merge key `<<`: write the keys out, merge keys are not read", place)
        elif not isinstance(value, str):
            self._fault(line, f"YAML takes the key {quoted(raw)} for {kind_of(value)}: quote it", place)
        elif raw in holder.keys:
            self._fault(line, f"key {quoted(raw)} stands twice: line {holder.keys[raw]} has it too", place)
        holder.keys[raw] = line
        self._document.lines[place] = line
        holder.key = raw

    def _value(self, line: int, value: object) -> Place:
        """Put a value where it belongs, and note where that is."""
        self._values += 1
        if self._values > VALUES:
            raise _TooMuch(line, f"more than {VALUES} values; a long list of hosts belongs in a text file, see `file:`")
        if not self._stack:
            self._document.content = value
            self._document.lines[()] = line
            return ()
        holder = self._stack[-1]
        place: Place
        if isinstance(holder.into, list):
            place = (*holder.place, len(holder.into))
            holder.into.append(value)
            self._document.lines[place] = line
        elif holder.key is None:
            raise _TooMuch(line, "a key is a word, not a list, a mapping or an alias")
        else:
            place = (*holder.place, holder.key)
            holder.into[holder.key] = value
            holder.key = None
        return place

    def _check_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.anchor is not None:
            self._fault(line, f"anchor `&{event.anchor}`: leave it out, anchors and aliases are not read")
        if event.tag is not None:
            self._fault(line, f"tag {quoted(event.tag)}: leave it out, tags are not read")

    def _fault(self, line: int, message: str, place: Place = ()) -> None:
        self._document.faults.append(Fault(shown_path(self._document.path), line, spelled(place), message))


def _resolved(event: yaml.ScalarEvent) -> object:
    """The value of a scalar as YAML 1.1 takes it, since that is how most tools read the same file."""
    raw: str = event.value
    if not event.implicit[0]:
        return raw  # quoted, or a block
    for tag, spelling in _IMPLICIT.get(raw[:1], ()):
        if spelling.match(raw):
            return _typed(tag.rpartition(":")[2], raw)
    return raw


def _typed(tag: str, raw: str) -> object:
    match tag:
        case "null":
            return None
        case "bool":
            return raw.lower() in _TRUE
        case "int" if _INTEGER.fullmatch(raw):
            return int(raw)
        case "int" | "float":
            return NotText("a number", raw)
        case "timestamp":
            return NotText("a date", raw)
        case _:
            return raw


_MENDS = {
    "while scanning an alias": 'a text that begins with `*` needs quotes, as in "*.example.com"',
    "while scanning an anchor": "a text that begins with `&` needs quotes",
    "while parsing a flow node": 'a text that begins with `:` needs quotes, as in "::1/128"',
    "found character that cannot start any token": "a text that begins with such a character needs quotes",
    "mapping values are not allowed in this context": "a text with `: ` in it needs quotes",
}
"""What to do about a syntax error, by the parser's own words for it."""


def _syntax_fault(path: Path, fault: yaml.MarkedYAMLError) -> Fault:
    mark = fault.problem_mark or fault.context_mark
    sentence = " ".join(part for part in (fault.problem, fault.context) if part)
    mend = _MENDS.get(fault.context or "") or _MENDS.get(fault.problem or "")
    message = f"is not YAML: {sentence}" + (f"; {mend}" if mend else "")
    return Fault(shown_path(path), None if mark is None else mark.line + 1, "", message)
