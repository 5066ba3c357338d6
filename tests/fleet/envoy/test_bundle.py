"""What a site becomes: its files, their versions, and what Envoy cannot be."""

import json
from dataclasses import replace
from functools import cache
from ipaddress import ip_network

import pytest

from tierwall.fleet.envoy import CannotExpress, Place, Settings, bundle_of, lists_of
from tierwall.loader import load_catalogue, load_site
from tierwall.loader.entries import EVERY_PORT
from tierwall.policy.dialect import Dialect
from tierwall.policy.site import (
    ConnectRefusal,
    DnsMode,
    HttpRefusal,
    ListEntry,
    OtherRefusal,
    Refusals,
    Site,
    SocksRefusal,
    TlsRefusal,
)

CATALOGUE = load_catalogue([])
SITE = load_site("8x8-core-only", CATALOGUE)
PAN_OS = ListEntry(label="a", hosts=("*.corp.example",), dialect=Dialect.PAN_OS)


@cache
def files(site: Site = SITE, settings: Settings | None = None) -> dict[str, str]:
    return {file.name: file.text for file in bundle_of(site, CATALOGUE, settings or Settings()).files}


def test_the_same_site_is_the_same_version_and_another_is_another() -> None:
    again = load_site("8x8-core-only", CATALOGUE)

    assert lists_of(SITE, CATALOGUE).version == lists_of(again, CATALOGUE).version
    assert lists_of(SITE, CATALOGUE).version != lists_of(load_site("vevox-only", CATALOGUE), CATALOGUE).version


def test_every_list_that_the_bootstrap_names_is_in_the_bundle() -> None:
    found = files(settings=Settings(transparent=Place(host="0.0.0.0", port=8081)))
    named = {text.split('"')[1] for text in found["envoy.json"].split() if text.startswith('"lists/')}

    assert named
    assert {f"lists/{name}.json" for name in lists_of(SITE, CATALOGUE).resources} >= named


def test_no_list_is_in_a_listener() -> None:
    assert "8x8" not in json.dumps(json.loads(files()["envoy.json"])["static_resources"]).replace(SITE.id, "")


def test_with_a_control_plane_lists_come_from_it_alone() -> None:
    found = files(settings=Settings(control_plane=(Place(host="cp.example", port=18000),), node="lab-1"))

    assert not [name for name in found if name.startswith("lists/")]
    assert json.loads(found["envoy.json"])["node"]["id"] == "lab-1"


def test_two_control_planes_and_a_log_service_are_endpoints_that_the_guard_lets_envoy_reach() -> None:
    planes = (Place(host="10.0.0.1", port=18000), Place(host="10.0.0.2", port=18000))
    found = files(settings=Settings(control_plane=planes, log_to=Place(host="fd00::3", port=18001)))

    said = {each["name"]: each for each in json.loads(found["envoy.json"])["static_resources"]["clusters"]}
    reached = {
        name: [
            tuple(endpoint["endpoint"]["address"]["socket_address"].values())
            for endpoint in said[name]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        ]
        for name in ("control-plane", "log")
    }
    assert reached == {"control-plane": [("10.0.0.1", 18000), ("10.0.0.2", 18000)], "log": [("fd00::3", 18001)]}
    for accepted in ("ip daddr 10.0.0.1 tcp", "ip daddr 10.0.0.2 tcp", "ip6 daddr fd00::3 tcp"):
        assert found["guard.nft"].index(accepted) < found["guard.nft"].index("reject")


def test_what_is_sent_to_a_log_service_are_the_fields_of_the_file() -> None:
    def fields(settings: Settings) -> dict[str, list[set[str]]]:
        found: dict[str, list[set[str]]] = {"file": [], "sent": []}

        def look(at: object) -> None:
            match at:
                case {"log_format": {"json_format": dict(form)}}:
                    found["file"].append(set(form.items()))
                case {"common_config": {"custom_tags": list(tags)}}:
                    found["sent"].append({(tag["tag"], tag["value"]) for tag in tags})
                case dict():
                    for each in at.values():
                        look(each)
                case list():
                    for each in at:
                        look(each)

        look(json.loads(files(settings=settings)["envoy.json"]))
        return found

    transparent = Place(host="0.0.0.0", port=8081)
    to_file = fields(Settings(transparent=transparent))
    sent = fields(Settings(transparent=transparent, log_to=Place(host="logs.example", port=18001)))

    assert to_file["file"]
    assert (sent["sent"], sent["file"], to_file["sent"]) == (to_file["file"], [], [])


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (load_site("idle-60s", CATALOGUE), "idle-timeout"),
        (load_site("observe", CATALOGUE), "enforce: false"),
        (replace(SITE, admit=(replace(PAN_OS, hosts=("api.*.corp.example",)),)), "wildcard inside a name"),
        (replace(SITE, deny=(replace(PAN_OS, hosts=("api.*.a.example",), ports=EVERY_PORT),)), "denies `api"),
        (replace(SITE, dns=DnsMode.FILTER), "dns: filter"),
        (replace(SITE, refuse=Refusals(connect=ConnectRefusal.PROXY_AUTH)), "refuse.connect: 407"),
        (replace(SITE, refuse=Refusals(http=HttpRefusal.DROP)), "refuse.http: drop"),
        (replace(SITE, refuse=Refusals(tls=TlsRefusal.PAGE)), "refuse.tls: page"),
        (replace(SITE, refuse=Refusals(socks=SocksRefusal.DROP)), "refuse.socks: drop"),
        (replace(SITE, refuse=Refusals(other=OtherRefusal.DROP)), "refuse.other: drop"),
    ],
)
def test_what_envoy_cannot_express_is_refused_by_name(site: Site, said: str) -> None:
    with pytest.raises(CannotExpress, match=said):
        bundle_of(site, CATALOGUE, Settings())


def test_all_that_it_cannot_is_said_at_once() -> None:
    with pytest.raises(CannotExpress) as cannot:
        lists_of(load_site("strict-bank", CATALOGUE), CATALOGUE)

    assert len(str(cannot.value).splitlines()) >= 4


def test_a_refused_connect_is_answered_as_the_site_says() -> None:
    told = files(replace(SITE, refuse=Refusals(connect=ConnectRefusal.BAD_GATEWAY)))["lists/requests.json"]

    assert '"status":502' in told
    assert '"status":502' not in files()["lists/requests.json"]


def test_udp_is_said_to_be_closed() -> None:
    notes = bundle_of(SITE, CATALOGUE, Settings()).notes

    assert any("--to nftables" in note for note in notes)
    assert not any(
        "--to nftables" in note for note in bundle_of(load_site("closed", CATALOGUE), CATALOGUE, Settings()).notes
    )


def test_the_guard_is_about_envoys_user_and_closes_private_addresses_but_for_admitted_ones() -> None:
    private = ListEntry(label="a", networks=(ip_network("10.1.0.0/16"),))
    guard = files(replace(SITE, admit=(*SITE.admit, private)), Settings(uid=4711))["guard.nft"]

    assert "meta skuid != 4711 accept" in guard
    inner, outer = guard.index("ip daddr 10.1.0.0/16 tcp dport"), guard.index("ip daddr 10.0.0.0/8 counter reject")
    assert inner < outer
