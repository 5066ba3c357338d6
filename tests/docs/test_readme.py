"""The README names all that can be typed and all that can be answered."""

import re
from collections.abc import Iterator

import click
import pytest

from tests.docs.reading import ROOT, document, explained, section
from tierwall.cli.commands import cli
from tierwall.policy.attempt import Reason

README = document("README.md")


def _options(group: click.Group = cli) -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", option) for inner, option in _options(command))
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield from ((name, spelling) for spelling in parameter.opts if spelling.startswith("--"))


def test_the_reasons_are_those_of_the_code_in_their_order() -> None:
    table = section(README, "Reasons")
    words = re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))

    assert words == [str(reason) for reason in Reason]


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert any(words.split()[:2] == ["tierwall", command] for words in explained(README))


@pytest.mark.parametrize(("command", "option"), sorted(_options()))
def test_every_option_is_in_the_readme(command: str, option: str) -> None:
    assert re.search(rf"{option}(?![\w-])", README), f"of {command}"


def test_every_option_of_run_is_explained() -> None:
    spelled = " ".join(explained(README)) + " "

    assert [option for command, option in _options() if command == "run" and f"{option} " not in spelled] == []


def test_every_option_of_stock_mitmproxy_is_in_the_readme() -> None:
    addon = (ROOT / "addon/tierwall/proxy/addon.py").read_text(encoding="utf-8")
    options = set(re.findall(r'"(tierwall_[a-z]+)", (?:str|bool|Sequence)', addon))

    assert options == set(re.findall(r"`(tierwall_[a-z]+)`", README))


def test_what_is_made_can_be_made() -> None:
    makefile = document("Makefile")
    targets = set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", README, re.MULTILINE))

    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_six_recipes_follow_the_two_commands() -> None:
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)

    assert headings[0] == "Two commands"
    assert [heading.partition(":")[0] for heading in headings[1:7]] == [f"Recipe {number}" for number in range(1, 7)]
