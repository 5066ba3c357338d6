"""Options that several commands share, and how a shell completes them.

Knows words only; see commands.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from tierwall import shipped
from tierwall.report.modes import MODES


def complete_sites(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For the shell: bundled sites by name, and files as the shell finds them."""
    names = [CompletionItem(name) for name in shipped.site_names() if name.startswith(typed)]
    return names or [CompletionItem(typed, type="file")]


def complete_vendors(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For the shell: the bundled vendors' ids."""
    return [CompletionItem(name) for name in shipped.vendor_ids() if name.startswith(typed)]


def complete_modes(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For the shell: modes, each as it may be written."""
    spelled = [each for mode in MODES for each in dict.fromkeys((mode.spec.partition(":")[0], mode.example))]
    return [CompletionItem(each) for each in spelled if each.startswith(typed)]


site_option: Final = click.option(
    "--site",
    metavar="NAME|FILE",
    default="reference",
    show_default=True,
    shell_complete=complete_sites,
    help="The corporate network to reproduce: a bundled site, or a file of your own.",
)
policy_option: Final = click.option(
    "--policy",
    "policies",
    metavar="FILE|DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A vendor policy besides the bundled ones; the same id replaces. May be repeated.",
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def output_option[F: Callable[..., Any]](
    said: str | None = None, *, metavar: str = "FILE", kind: click.Path | None = None, **more: Any
) -> Callable[[F], F]:
    """`-o`, `--output`: where a command writes what it makes. `kind`: what may stand there, a file otherwise."""
    kind = kind or click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", "output", metavar=metavar, type=kind, help=said, **more)
