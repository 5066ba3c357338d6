"""The stand-ins as one machine: what their command says. What they serve is shown by tests/lab, in their container."""

import pytest

from tierwall.standins.offline import Told, main


def test_the_rules_are_printed_for_nft(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "10.78.2.10"]) == 0
    assert "ip daddr @turn tcp dport 443 dnat to 10.78.2.10:3478" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["rules"], ["serve", "10.78.2.10"], ["stop"]])
def test_a_wrong_command_says_which_there_are(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 2
    assert "rules ADDRESS | serve ADDRESS FOLDER" in capsys.readouterr().err


def test_what_reaches_a_stand_in_is_said_and_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told("tcp/443")

    told.note(connections=1)
    told.note_name("vevox.app")
    told.note(protocol="http", target="/\x1b[2J")
    told.note(octets=700)

    said = capsys.readouterr().out
    assert said.splitlines()[:3] == ["tcp/443: reached", "tcp/443: asked for vevox.app", "tcp/443: http"]
    assert "\x1b" not in said
    assert (told.connections, told.octets, told.names, told.targets) == (1, 700, [], [])
