"""`tierwall vendors`: what vendors' documents ask for, for people and for programs."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tests.loader.files import VENDOR
from tierwall.cli import cli
from tierwall.loader import load_catalogue


def vendors(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["vendors", *arguments])


def test_every_vendor_of_the_catalogue_is_listed() -> None:
    said = vendors()

    listed = [line.split()[0] for line in said.stdout.splitlines()[1:] if not line.startswith(" ")]
    assert listed == [vendor.id for vendor in load_catalogue([]).vendors]
    assert said.exit_code == 0


def test_one_is_shown_with_symptoms_destinations_ports_and_evidence() -> None:
    said = " ".join(vendors("kudo").stdout.split())

    assert "read 2026-11-27" in said
    assert "platform core (Required)" in said
    assert "without it: Participants cannot open KUDO." in said
    assert "*.tokbox.com, *.opentok.com udp/3478 (inferred)" in said
    assert "one of One wildcard (*.kudoway.com); or Single names (names-usa)" in said
    assert "2 TLS on TCP 443 (media-hosts): Audio and video go over TLS" in said


def test_programs_get_every_rule_and_service() -> None:
    (found,) = json.loads(vendors("livekit", "--json").stdout)

    assert {rule["id"]: rule.get("anywhere", False) for rule in found["rules"]} == {
        "*.livekit.cloud": False,
        "*.turn.livekit.cloud": False,
        "*.host.livekit.cloud": False,
        "media-udp": True,
        "media-tcp": True,
    }
    assert all(service["symptom"] and service["tier"] for service in found["services"])
    assert found["documents"][0]["retrieved"] == "2026-11-27"


def test_ones_own_is_listed_beside_the_bundled(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(VENDOR, encoding="utf-8")

    assert "Calls do not start." in vendors("acme", "--policy", str(tmp_path / "acme.yaml")).stdout


def test_an_unknown_one_is_bad_input_with_the_nearest() -> None:
    said = vendors("vevvox")

    assert (said.exit_code, said.stdout) == (2, "")
    assert "unknown vendor `vevvox`; did you mean `vevox`?" in said.stderr
