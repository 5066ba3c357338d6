"""`tierwall decide --speak envoy`, as far as it goes without gRPC."""

import pytest
from click.testing import CliRunner

from tierwall.cli import cli


@pytest.mark.parametrize("listen", ["0.0.0.0:9191", "10.0.0.1:9191", "cp.example:9191", "9191", "127.0.0.1:0"])
def test_it_is_asked_from_this_machine_alone(listen: str) -> None:
    done = CliRunner().invoke(cli, ["decide", "--speak", "envoy", "--listen", listen])

    assert done.exit_code == 2
    assert "--listen" in done.output


def test_other_protocols_listen_nowhere() -> None:
    done = CliRunner().invoke(cli, ["decide", "--speak", "jsonl", "--listen", "127.0.0.1:9191"], input="")

    assert done.exit_code == 2
    assert "standard input" in done.output
