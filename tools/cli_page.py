"""docs/cli.md, from the commands themselves: `python -m tools.cli_page` writes it.

Knows click and Markdown. What an option means is said where it is declared; a test says when the page is stale.
"""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Final

import click

from tierwall.cli.commands import cli
from tierwall.report.modes import MODES, NOTE

PAGE: Final = Path(__file__).parents[1] / "docs" / "cli.md"

_WIDTH: Final = 100
_PAGE_WIDTH: Final = 120
_HEAD: Final = """\
# The command line

Written by `make docs` from the commands' own help, and checked by a test.

Reports go to stdout, talk and progress to stderr; colour only where a terminal is (`NO_COLOR` turns it off). `--json`
is for programs. Exit status: 0 done; 1 a finding (something is denied, broken or odd); 2 bad input, with every fault
named; 3 something could not be shown. `tierwall completion bash|zsh|fish` prints a completion script.

| command | what it does |
| --- | --- |
"""


def page() -> str:
    """The whole page."""
    commands = sorted(_commands(cli, "tierwall"))
    rows = "".join(
        f"| [`{path}`](#{path.replace(' ', '-')}) | {command.get_short_help_str(200)} |\n" for path, command in commands
    )
    return _HEAD + rows + "\n" + _modes() + "\n" + "\n".join(_section(path, command) for path, command in commands)


_MODES: Final = """\
## Modes of `tierwall run`

| mode | how clients come here | TCP | UDP, QUIC |
| --- | --- | --- | --- |
{rows}
{note}

## Under stock mitmproxy

`mitmdump -s addon/main.py` and mitmweb have the same as options: `tierwall_site`, `tierwall_policy`, `tierwall_journal`
(default `tierwall.jsonl`), `tierwall_events`, `tierwall_resolve`, `tierwall_clients`, `tierwall_partial`,
`tierwall_serve`, `tierwall_bundle` (the name that leads to the bundle in force).
"""


def _modes() -> str:
    rows = "".join(f"| `{mode.spec}` | {mode.clients} | {mode.tcp} | {mode.udp} |\n" for mode in MODES)
    return _MODES.format(rows=rows, note="\n".join(wrap(NOTE, _PAGE_WIDTH)))


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}", command


def _row(path: str, command: click.Command) -> str:
    return f"| [`{path}`](#{path.replace(' ', '-')}) | {command.get_short_help_str(200)} |\n"


def _section(path: str, command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=path,
        max_content_width=_WIDTH,
        terminal_width=_WIDTH,
        help_option_names=cli.context_settings["help_option_names"],  # click keeps those of the first who asks
    )
    return f"## {path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
