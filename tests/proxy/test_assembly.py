"""What the options ask for is built for each site that is served, or refused with all that is wrong with it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test.tflow import tclient_conn

from tierwall.loader import InvalidFiles
from tierwall.proxy.assembly import JOURNALS, Assemblies, assemble
from tierwall.proxy.state.destinations import InvalidResolve
from tierwall.proxy.state.in_force.served_sites import InvalidServe
from tierwall.proxy.state.live import Live
from tierwall.proxy.transport.addresses import InvalidClients


def _site(folder: Path, name: str, *lines: str) -> str:
    path = folder / f"{name}.yaml"
    path.write_text("\n".join(["version: 1", f"site: {lines[0] if lines else name}", *lines[1:]]) + "\n")
    return str(path)


def _assembled(folder: Path, **said: object) -> Assemblies:
    """By these of tierwall's options; the others as they are where nobody says anything."""
    options = {
        "site": "closed",
        "bundle": "",
        "policy": [],
        "journal": "",
        "events": "denied",
        "resolve": [],
        "serve": [],
        "clients": [],
        "partial": False,
        **said,
    }
    given: Any = SimpleNamespace(
        confdir=str(folder), mode=["regular"], **{f"tierwall_{name}": value for name, value in options.items()}
    )
    return assemble(given, [], Live(), shown=[], gateway=False)


def _client(address: str, spec: str = "regular") -> Any:
    client: Any = tclient_conn()
    client.peername, client.proxy_mode = (address, 40_000), ProxyMode.parse(spec)
    return client


def test_one_site_has_one_of_everything_and_no_choice(tmp_path: Path) -> None:
    built = _assembled(tmp_path)

    assert built.choice.alone
    assert built.every == (built.first,)
    assert built.enforcement_for(_client("10.0.0.7")) is built.first.enforcement
    assert built.first.inside.every == (built.first.inside,)


def test_of_several_each_client_is_asked_about_at_its_own(tmp_path: Path) -> None:
    other = _site(tmp_path, "other")
    built = _assembled(tmp_path, serve=[f"{other}@10.1.0.0/16", f"{other}@127.0.0.2:8081"])

    [first, second] = built.every
    asked = [_client("10.0.0.7"), _client("10.1.0.7"), _client("10.0.0.7", "regular@127.0.0.2:8081")]
    assert [built.enforcement_for(client) for client in asked] == [
        first.enforcement,
        second.enforcement,
        second.enforcement,
    ]
    assert built.first.inside.every == (first.inside, second.inside)
    assert "10.1.0.0/16" in {str(network) for network in second.active_policy.served()}
    assert "10.1.0.0/16" not in {str(network) for network in first.active_policy.served()}


def test_faults_of_every_site_are_said_at_once(tmp_path: Path) -> None:
    one, two = _site(tmp_path, "one", "one", "admitt: []"), _site(tmp_path, "two", "two", "denyy: []")

    with pytest.raises(InvalidFiles) as invalid:
        _assembled(tmp_path, site=one, serve=[f"{two}@10.1.0.0/16"])

    said = [str(fault) for fault in invalid.value.faults]
    assert any("admitt" in each for each in said)
    assert any("denyy" in each for each in said)


def test_two_sites_of_one_name_could_not_be_told_apart(tmp_path: Path) -> None:
    one, two = _site(tmp_path, "one", "lab"), _site(tmp_path, "two", "lab")

    with pytest.raises(InvalidFiles, match="events could not tell them apart"):
        _assembled(tmp_path, site=one, serve=[f"{two}@10.1.0.0/16"])


@pytest.mark.parametrize(
    ("said", "fault", "names"),
    [
        ({"resolve": ["one", "a.example:443:127.0.0.1", "two"]}, InvalidResolve, ("'one'", "'two'")),
        ({"serve": ["nowhere"]}, InvalidServe, ("nowhere",)),
        ({"clients": ["everybody"]}, InvalidClients, ("everybody",)),
    ],
)
def test_an_option_that_cannot_be_read_is_named(
    tmp_path: Path, said: dict[str, object], fault: type[Exception], names: tuple[str, ...]
) -> None:
    with pytest.raises(fault) as wrong:
        _assembled(tmp_path, **said)

    assert all(name in str(wrong.value) for name in names)


def test_a_journal_is_opened_once_and_shared(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    try:
        first, again = _assembled(tmp_path, journal=str(path)), _assembled(tmp_path, journal=str(path))

        assert first.journal is again.journal is JOURNALS[path]
        assert path.exists()
    finally:
        JOURNALS.pop(path).close()


def test_where_it_listens_every_site_knows_as_the_proxy_itself(tmp_path: Path) -> None:
    built = _assembled(tmp_path, serve=[f"{_site(tmp_path, 'other')}@10.1.0.0/16"])

    built.listen([("127.0.0.1", 8080)])

    assert [len(each.destinations.listening) for each in built.every] == [1, 1]


def test_what_a_process_counts_says_which_sites_it_serves(tmp_path: Path) -> None:
    built = _assembled(tmp_path, serve=[f"{_site(tmp_path, 'other')}@10.1.0.0/16"])

    named = {labels["site"] for name, labels, _ in built.first.inside.samples() if name == "tierwall_site_info"}
    assert named == {"closed", "other"}
