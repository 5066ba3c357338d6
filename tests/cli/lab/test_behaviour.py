"""`tierwall behaviour list --all`: every kind, whatever runs."""

import json

import pytest
from click.testing import CliRunner

from tierwall.cli import cli
from tierwall.policy.behaviour import BY_NAME


@pytest.mark.parametrize("as_json", [False, True])
def test_every_kind_is_listed_without_a_proxy(as_json: bool) -> None:
    result = CliRunner().invoke(cli, ["behaviour", "list", "--all", *(["--json"] if as_json else [])])

    listed = (
        [each["behaviour"] for each in json.loads(result.stdout)["behaviours"]]
        if as_json
        else [line.split(":")[0].strip() for line in result.stdout.splitlines() if line[2:3].strip() and ": " in line]
    )
    assert result.exit_code == 0
    assert [name for name in listed if name in BY_NAME] == list(BY_NAME)
