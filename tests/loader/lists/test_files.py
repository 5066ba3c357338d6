"""Files as customers send them: each is found out from what is in it, and nothing in it is lost without a word."""

from pathlib import Path

import pytest

from tierwall.loader import Fault, InvalidFiles, load_site
from tierwall.loader.lists.content import Content
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.octets import opened
from tierwall.loader.lists.sniffing import format_of
from tierwall.loader.lists.spellings import read_content
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue
from tierwall.policy.site import ListEntry

FILES = Path(__file__).parents[2] / "lists"
TURN = "168.138.110.244/32"
MEDIA = "198.51.100.0/25"
TURN_PORTS = "udp/443 udp/49152-65535"

FORMATS: dict[str, tuple[ListFormat, Dialect | None, dict[str, list[str]]]] = {
    "fortios.conf": (
        ListFormat.FORTIOS,
        Dialect.FORTINET,
        {"": ["*.vevox.app", "8x8.vc", "*.jitsi.net", TURN, MEDIA]},
    ),
    "pan-set.txt": (ListFormat.PAN_SET, Dialect.PAN_OS, {"": ["vevox.app", "*.8x8.vc/", "8x8.vc/", TURN, MEDIA]}),
    "pan-config.xml": (ListFormat.PAN_XML, Dialect.PAN_OS, {"": ["vevox.app", "*.8x8.vc/", "8x8.vc/", TURN]}),
    "azure-arm.json": (
        ListFormat.AZURE_JSON,
        Dialect.AZURE_FIREWALL,
        {"tcp/443": ["vevox.app", "*.vevox.app"], TURN_PORTS: [TURN]},
    ),
    "azure.bicep": (
        ListFormat.BICEP,
        Dialect.AZURE_FIREWALL,
        {"tcp/443": ["vevox.app", "*.vevox.app"], TURN_PORTS: [TURN]},
    ),
    "aws-rule-group.json": (ListFormat.AWS_JSON, Dialect.AWS_NETWORK_FIREWALL, {"": [".vevox.app", "8x8.vc"]}),
    "suricata.rules": (
        ListFormat.SURICATA,
        Dialect.AWS_NETWORK_FIREWALL,
        {"tcp/443": [".vevox.app", "8x8.vc"], TURN_PORTS: [TURN]},
    ),
    "zscaler.json": (ListFormat.ZSCALER_JSON, Dialect.ZSCALER, {"": [".vevox.app", "8x8.vc", "jitsi.net", TURN]}),
    "mgmt_cli.sh": (ListFormat.MGMT_CLI, Dialect.CHECK_POINT, {"": [".vevox.app", TURN, MEDIA]}),
    "terraform.tfstate.json": (
        ListFormat.TERRAFORM,
        Dialect.AWS_NETWORK_FIREWALL,
        {"": [".vevox.app", "8x8.vc"]},
    ),
    "umbrella.csv": (ListFormat.CSV, None, {"": ["vevox.app", "8x8.vc", TURN]}),
    "chrome-policy.json": (ListFormat.CHROME_JSON, Dialect.CHROME_POLICY, {"": ["vevox.app", "https://8x8.vc:443"]}),
    "firefox-policies.json": (
        ListFormat.FIREFOX_JSON,
        Dialect.FIREFOX_POLICY,
        {"": ["*://*.vevox.app/*", "https://8x8.vc/*"]},
    ),
    "cr-only.txt": (ListFormat.PLAIN, None, {"": ["vevox.app", "8x8.vc", "jitsi.net"]}),
    "word.txt": (ListFormat.PLAIN, None, {"": ["vevox.app", "8x8.vc"]}),
    "trailing-commas.txt": (ListFormat.PLAIN, None, {"": ["vevox.app", "8x8.vc"]}),
    "pasted.txt": (
        ListFormat.PLAIN,
        None,
        {"": ["*.8x8.com", "8x8.vc", "vevox.app", "jitsi.net", "meetoo.io", "usage.8x8.com", "help.8x8.com"]},
    ),
}

NOTES: dict[str, list[str]] = {
    "fortios.conf": [
        "20: countries `GB`: no host, and left out",
        "34: `ads.example` is blocked by its URL filter: list it under `deny`",
    ],
    "pan-set.txt": [
        "7: `risky` matches categories (`Category Match`), which are no hosts: left out",
    ],
    "pan-config.xml": ["`risky` matches categories (gambling), which are no hosts: left out"],
    "azure-arm.json": [
        "FQDN tags `WindowsUpdate`: no host, and left out",
        "rule `social` denies: list what it names under `deny`",
    ],
    "suricata.rules": [
        "5: `example` is looked for anywhere in a name: say which hosts are meant",
        "6: `drop` does not let pass: list what it names under `deny`",
    ],
    "zscaler.json": ["keywords `meeting`: no host, and left out"],
}


def _export(name: str, dialect: Dialect = Dialect.LITERAL, column: str | None = None) -> Export:
    return Export(FILES / name, dialect, column=column)


def _by_ports(content: Content) -> dict[str, list[str]]:
    return {" ".join(map(str, each.ports or ())): [*each.hosts, *map(str, each.networks)] for each in content.listed}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_found_out_and_read(name: str) -> None:
    found, dialect, listed = FORMATS[name]
    export = _export(name)
    content = read_content(export)

    with opened(export.path, export.dialect) as stream:
        assert format_of(stream, export) is found
    assert content.dialect is dialect
    assert _by_ports(content) == listed


@pytest.mark.parametrize("name", NOTES)
def test_what_is_no_host_is_a_note_with_its_line(name: str) -> None:
    notes = [str(note).partition(f"{name}:")[2].strip() for note in read_content(_export(name)).notes]

    assert notes == NOTES[name]


def test_what_was_pasted_is_read_with_a_note() -> None:
    notes = [str(note).partition("pasted.txt:")[2] for note in read_content(_export("pasted.txt")).notes]

    assert notes[0] == "1: `* ``https://*.8x8.com``` is read as `*.8x8.com`".replace("``", "`")
    assert notes[4] == "5: `hxxps://meetoo[.]io/join` is read as `meetoo.io`"
    assert len(notes) == 7


@pytest.mark.parametrize("dialect", [Dialect.PAN_OS, Dialect.AWS_NETWORK_FIREWALL, Dialect.CHROME_POLICY])
def test_so_it_is_in_products_dialects_which_know_no_such_lines(dialect: Dialect) -> None:
    hosts = read_content(_export("pasted.txt", dialect)).hosts

    assert {"8x8.vc", "vevox.app", "jitsi.net", "meetoo.io", "usage.8x8.com"} <= set(hosts)


@pytest.mark.parametrize("dialect", [Dialect.LITERAL, Dialect.PAN_OS, Dialect.UMBRELLA])
def test_lines_may_end_in_a_lone_cr(dialect: Dialect) -> None:
    assert read_content(_export("cr-only.txt", dialect)).hosts == ("vevox.app", "8x8.vc", "jitsi.net")


@pytest.mark.parametrize(
    ("name", "column", "hosts"),
    [
        ("utf-16.csv", "Host", ("vevox.app", "8x8.vc")),
        ("cp1252.csv", "Host", ("vevox.app", "8x8.vc")),
        ("cells.csv", "Hosts", ("vevox.app", "*.vevox.app", "8x8.vc")),
    ],
)
def test_spreadsheets_are_read_whatever_they_are_encoded_in(name: str, column: str, hosts: tuple[str, ...]) -> None:
    assert read_content(_export(name, column=column)).hosts == hosts


def test_rows_of_categories_are_no_hosts() -> None:
    content = read_content(_export("pan-categories.csv", Dialect.PAN_OS))

    assert content.hosts == ("*.8x8.vc/", "8x8.vc/")
    assert [str(note).partition(".csv:")[2] for note in content.notes] == [
        "3: `gambling` is a category, and no host: left out",
        "3: `games` is a category, and no host: left out",
    ]


def test_a_pac_file_says_what_it_is_and_what_to_do() -> None:
    with pytest.raises(InvalidFiles, match="is a PAC file, which lists nothing: name the hosts"):
        read_content(_export("proxy.pac"))


def test_xml_with_entities_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xml"
    path.write_text('<!DOCTYPE config [<!ENTITY a "aaaa">]><config><entry name="x"><fqdn>&a;</fqdn></entry></config>')

    with pytest.raises(InvalidFiles, match="has a document type or entities"):
        read_content(Export(path))


def test_a_site_has_what_the_product_says_about_ports(tmp_path: Path) -> None:
    site_file = tmp_path / "lab.yaml"
    (tmp_path / "arm.json").write_bytes((FILES / "azure-arm.json").read_bytes())
    site_file.write_text("version: 1\nsite: lab\nadmit: [{file: arm.json}]\n")
    warnings: list[Fault] = []
    site = load_site(str(site_file), Catalogue(()), warnings.append)

    assert {entry.dialect for entry in site.admit if isinstance(entry, ListEntry)} == {Dialect.AZURE_FIREWALL}
    assert [" ".join(map(str, entry.ports)) for entry in site.admit if isinstance(entry, ListEntry)] == [
        "tcp/443",
        TURN_PORTS,
    ]
    assert any("denies: list what it names under `deny`" in str(warning) for warning in warnings)


def test_every_file_here_is_read_in_a_test() -> None:
    others = {"README.md", "utf-16.csv", "cp1252.csv", "cells.csv", "pan-categories.csv", "proxy.pac"}

    assert {path.name for path in FILES.iterdir()} == {*FORMATS, *others}
