"""HashiCorp's configuration language, as far as resources need it: blocks with arguments and blocks in them.

Knows syntax; `terraform fmt` finds nothing to change in what it writes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

type Value = str | int | bool | Sequence[str] | Sequence[Mapping[str, str]] | Mapping[str, object]


class Reference(str):
    """An expression that names another value: `var.account_id`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { arguments, then blocks }`."""

    kind: str
    labels: tuple[str, ...] = ()
    arguments: Mapping[str, Value] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()


def document(blocks: Sequence[Block]) -> str:
    """The blocks, with an empty line between them."""
    return "\n".join("".join(f"{line}\n" for line in _lines(block, "")) for block in blocks)


def _lines(block: Block, indent: str) -> Iterator[str]:
    labels = "".join(f" {_quoted(label)}" for label in block.labels)
    yield f"{indent}{block.kind}{labels} {{"
    yield from _arguments(block.arguments, f"{indent}  ")
    for at, inner in enumerate(block.blocks):
        if at or block.arguments:
            yield ""
        yield from _lines(inner, f"{indent}  ")
    yield f"{indent}}}"


def _arguments(arguments: Mapping[str, Value], indent: str) -> Iterator[str]:
    """Equals signs of one-line arguments that follow each other stand below each other."""
    run: list[tuple[str, str]] = []
    for name, value in arguments.items():
        if isinstance(value, str) and "\n" in value:
            yield from _aligned(run, indent)
            run = []
            yield from _heredoc(name, value, indent)
        elif isinstance(value, str | int):
            run.append((name, _scalar(value)))
        elif isinstance(value, Mapping):
            run.append((name, _object(value)))
        else:
            yield from _aligned(run, indent)
            run = []
            yield from _collection(name, value, indent)
    yield from _aligned(run, indent)


def _aligned(run: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(name) for name, _ in run), default=0)
    yield from (f"{indent}{name.ljust(width)} = {value}" for name, value in run)


def _heredoc(name: str, text: str, indent: str) -> Iterator[str]:
    yield f"{indent}{name} = <<-EOT"
    yield from (f"{indent}  {_escaped(line)}" for line in text.splitlines())
    yield f"{indent}EOT"


def _collection(name: str, value: Sequence[str] | Sequence[Mapping[str, str]], indent: str) -> Iterator[str]:
    yield f"{indent}{name} = ["
    for item in value:
        yield f"{indent}  {_object(item) if isinstance(item, Mapping) else _scalar(item)},"
    yield f"{indent}]"


def _object(value: Mapping[str, object]) -> str:
    inner = ", ".join(
        f"{key} = {_object(item) if isinstance(item, Mapping) else _scalar(str(item))}" for key, item in value.items()
    )
    return f"{{ {inner} }}" if inner else "{}"


def _scalar(value: str | int) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Reference():
            return value
        case _:
            return _quoted(value)


def _quoted(text: str) -> str:
    return _escaped(json.dumps(text))


def _escaped(text: str) -> str:
    """Nothing in a string begins a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
