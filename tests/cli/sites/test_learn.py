"""`tierwall learn`: what was used becomes the fewest entries, and the site that is written admits all of it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.audit.logs import squid
from tierwall.cli import cli
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.judge import judge
from tierwall.policy.target import attempt_for

USED = (
    "8x8.vc:443", "meet.8x8.vc:443", "eu.meet.8x8.vc:443", "www.corp-portal.example.com:443", "a.vendor.co.uk:443",
    "b.vendor.co.uk:443", "c.vendor.co.uk:443", "vendor.co.uk:443", "one.github.io:443", "two.github.io:443",
    "three.github.io:443", "a.intranet.local:443", "b.intranet.local:443", "c.intranet.local:443", "192.0.2.7:8443",
)  # fmt: skip
DENIED = "api.amplitude.com:443"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "access.log"
    lines = [squid(place, "TCP_TUNNEL/200") for place in USED] + [squid(DENIED)]
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def learn(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["learn", *arguments])


def test_the_site_that_is_written_admits_all_that_was_used_and_not_what_was_denied(log: str, tmp_path: Path) -> None:
    done = learn(log, "-o", str(tmp_path / "learned.yaml"))

    assert done.exit_code == 0, done.stderr
    catalogue = load_catalogue([])
    site = load_site(str(tmp_path / "learned.yaml"), catalogue)
    assert [place for place in USED if not judge(site, catalogue, attempt_for(place)).passes] == []
    assert not judge(site, catalogue, attempt_for(DENIED)).passes


def test_names_that_a_vendor_asks_for_become_its_rules(log: str) -> None:
    said = learn(log).stdout

    assert '- {vendor: "8x8", rules: ["*.8x8.vc"]}' in said
    assert '- {vendor: "8x8", rules: ["8x8.vc"]}' in said
    assert "meet.8x8.vc" not in [line for line in said.splitlines() if not line.strip().startswith("#")]


def test_other_names_are_folded_into_their_registered_domain_where_there_are_enough(log: str) -> None:
    said = learn(log).stdout

    assert 'hosts: ["vendor.co.uk", "*.vendor.co.uk"]' in said
    assert "3 names: a.vendor.co.uk, b.vendor.co.uk, c.vendor.co.uk" in said
    assert 'hosts: ["www.corp-portal.example.com"]' in said
    assert 'networks: ["192.0.2.7/32"]' in said


def test_nothing_is_folded_above_a_public_suffix_or_where_none_is_known(log: str) -> None:
    said = learn(log).stdout

    assert "*.github.io" not in said
    assert "*.co.uk" not in said
    assert "*.local" not in said
    assert "*.intranet.local" not in said


def test_a_higher_number_folds_less(log: str) -> None:
    assert "*.vendor.co.uk" not in learn(log, "--fold", "4").stdout


def test_what_never_came_is_said_to_be_cut(log: str) -> None:
    said = learn(log).stderr

    assert "8x8/meetings (core): 3 times" in said
    assert "never seen, and would be cut by this list: 8x8/analytics (analytics)" in said
    assert "never seen, and would be cut by this list: 8x8/turn-relay (core)" in said
    assert "nothing at all was seen of:" in said
    assert "vevox" in said.rpartition("nothing at all was seen of:")[2]


def test_an_export_is_of_the_same_entries(log: str) -> None:
    done = learn(log, "--to", "pan-edl")

    assert done.exit_code == 0
    assert {"8x8.vc/", "*.8x8.vc/", "*.vendor.co.uk/", "one.github.io/"} <= set(done.stdout.splitlines())


def test_a_log_without_anything_that_was_let_through_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(squid(DENIED) + "\n")

    done = learn(str(path))

    assert done.exit_code == 2
    assert "nothing was let through in these files" in done.stderr


def test_unknown_products_and_formats_are_named_together(log: str) -> None:
    done = learn(log, "--to", "fortigat", "--format", "squib")

    assert done.exit_code == 2
    assert "did you mean `fortigate`" in done.stderr
    assert "unknown format `squib`" in done.stderr


def test_a_journal_of_an_observing_run_is_learned_from_with_what_would_have_been_denied(tmp_path: Path) -> None:
    def event(action: str, host: str) -> str:
        body = {
            "@timestamp": "2026-11-21T02:03:04.567Z",
            "ecs": {"version": "8.17.0"},
            "event": {
                "kind": "event",
                "category": ["network"],
                "type": ["denied"],
                "action": action,
                "reason": "unlisted",
                "id": "1",
            },
            "source": {"ip": "10.77.1.2", "port": 55312},
            "destination": {"domain": host, "port": 443},
            "network": {"transport": "tcp", "protocol": "tls"},
            "observer": {"product": "tierwall", "version": "0.1.0"},
            "tierwall": {
                "site": "observe",
                "tier": "none",
                "stage": "connect",
                "name_source": "connect",
                "breaks": [],
                "near": [],
            },
        }
        return json.dumps(body)

    path = tmp_path / "journal.jsonl"
    path.write_text("".join(f"{event('would-deny', host)}\n" for host in ("meet.8x8.vc", "a.example.com")))

    done = learn(str(path))

    assert done.exit_code == 0, done.stderr
    assert '"*.8x8.vc"' in done.stdout
    assert '"a.example.com"' in done.stdout
    assert "2 times, 2026-11-21 (1 day)" in done.stdout
