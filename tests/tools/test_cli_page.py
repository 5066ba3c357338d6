"""The page about the command line is that of the commands."""

import re
from collections.abc import Iterator

import click
import pytest

from tests.docs.reading import ROOT
from tierwall.cli.commands import cli
from tools.cli_page import PAGE, page


def _options(group: click.Group = cli, path: str = "tierwall") -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _options(command, f"{path} {name}")
        else:
            yield from (
                (f"{path} {name}", option)
                for each in command.params
                for option in each.opts
                if option[:2] == "--" and not getattr(each, "hidden", False)
            )


def test_the_checked_in_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/cli.md is stale: run `make docs`"


@pytest.mark.parametrize(("command", "option"), sorted(_options()))
def test_every_option_of_every_command_is_in_its_section(command: str, option: str) -> None:
    section = page().partition(f"\n## {command}\n")[2].partition("\n## ")[0]

    assert re.search(rf"{option}(?![\w-])", section)


def test_every_option_of_stock_mitmproxy_is_there() -> None:
    addon = (ROOT / "addon/tierwall/proxy/addon.py").read_text(encoding="utf-8")
    options = set(re.findall(r'"(tierwall_[a-z]+)", (?:str|bool|Sequence)', addon))

    assert options == set(re.findall(r"`(tierwall_[a-z]+)`", page()))
