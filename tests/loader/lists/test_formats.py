"""What a product exports is read as it is, and a file that is not what it says is one clear fault."""

import json
from pathlib import Path

import pytest

from tests.loader.files import Write
from tierwall.loader.faults import InvalidFiles
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.spellings import list_warnings, read_list
from tierwall.policy.dialect import Dialect

SQUID = """\
# from the proxy in Doha
http_port 3128
acl Safe_ports port 443
acl vendors dstdomain .8x8.vc .Vevox.app  # the meeting
acl vendors dstdomain -n \\
    jitsi.net \\
    *.meetoo.io
acl others dstdom_regex ^cdn\\.
http_access allow vendors
"""

POLICY = {"URLBlocklist": ["*"], "URLAllowlist": ["8x8.vc", ".vevox.app", "https://jitsi.net/"]}


def _read(path: Path, dialect: Dialect, written: ListFormat | None = None, column: str | None = None) -> list[str]:
    return list(read_list(Export(path, dialect, written, column)))


def _fault(path: Path, dialect: Dialect, written: ListFormat | None = None, column: str | None = None) -> str:
    with pytest.raises(InvalidFiles) as invalid:
        _read(path, dialect, written, column)
    return str(invalid.value)


@pytest.mark.parametrize("written", [None, ListFormat.SQUID])
def test_squid_lists_are_the_dstdomain_lines_of_its_configuration(written: ListFormat | None, write: Write) -> None:
    assert _read(write("squid.conf", SQUID), Dialect.SQUID, written) == [
        ".8x8.vc",
        ".vevox.app",
        "jitsi.net",
        "*.meetoo.io",
    ]


def test_a_squid_list_may_also_be_plain(write: Write) -> None:
    assert _read(write("hosts.txt", ".8x8.vc\n# apexes\njitsi.net\n"), Dialect.SQUID) == [".8x8.vc", "jitsi.net"]


@pytest.mark.parametrize("written", [None, ListFormat.EDL])
def test_a_dynamic_list_has_an_entry_a_line_and_a_comment_behind_a_space(
    written: ListFormat | None, write: Write
) -> None:
    path = write("edl.txt", "; vendors\n// old\n*.8x8.vc/ meetings\n8x8.vc/ # the apex\n^.vevox.app\n")

    assert _read(path, Dialect.PAN_OS, written) == ["*.8x8.vc/", "8x8.vc/", "^.vevox.app"]


@pytest.mark.parametrize(
    "policy",
    [
        POLICY,
        {"policyValues": {"chrome": {"policies": {"URLAllowlist": {"level": 1, "value": POLICY["URLAllowlist"]}}}}},
        [{"name": "managed", **POLICY}],
    ],
)
def test_a_chrome_policy_gives_its_allowlist_wherever_it_is(policy: object, write: Write) -> None:
    path = write("policy.json", json.dumps(policy))

    assert _read(path, Dialect.CHROME_POLICY) == ["8x8.vc", ".vevox.app", "https://jitsi.net/"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_gives_the_named_column(delimiter: str, write: Write) -> None:
    rows = [["Name", "Destination", "Note"], ["a", ".8x8.vc", "x"], ["b", "", ""], ["c", '"*.Vevox.app"', "y"], ["d"]]
    path = write("list.csv", "\ufeff" + "\r\n".join(map(delimiter.join, rows)))

    assert _read(path, Dialect.FORTINET, column="Destination") == [".8x8.vc", "*.vevox.app"]


def test_a_quoted_cell_may_hold_what_separates_cells(write: Write) -> None:
    path = write("list.csv", 'Host,Note\n8x8.vc,"meetings, video\nand audio"\nvevox.app,\n')

    assert _read(path, Dialect.LITERAL, column="Host") == ["8x8.vc", "vevox.app"]


@pytest.mark.parametrize(
    ("content", "dialect", "written", "column", "fault"),
    [
        (
            b"PK\x03\x04\0\0",
            Dialect.ZSCALER,
            None,
            None,
            "is a spreadsheet or an archive: export the list as text or CSV",
        ),
        (b"8x8.vc\n\0", Dialect.ZSCALER, None, None, "is no text: export the list as text or CSV"),
        (b"\xff\xfe8", Dialect.ZSCALER, None, None, "begins as UTF-16 and is not: save the file as UTF-8"),
        (b"<!DOCTYPE html>", Dialect.PAN_OS, None, None, "is HTML or XML, not a list: was a login page saved?"),
        (
            b"http_port 3128\n",
            Dialect.SQUID,
            ListFormat.SQUID,
            None,
            "is no Squid configuration with hosts: it has no `acl NAME dstdomain …`",
        ),
        (
            b'acl a dstdomain "/etc/squid/hosts"\n',
            Dialect.SQUID,
            None,
            None,
            "1: `/etc/squid/hosts` is another file: put `hosts` beside `l`",
        ),
        (b"8x8.vc\n", Dialect.CHROME_POLICY, ListFormat.CHROME_JSON, None, "is not JSON: Extra data, line 1"),
        (b"[" * 100_000, Dialect.CHROME_POLICY, None, None, "is not JSON"),
        (
            b'{"URLBlocklist": ["*"]}',
            Dialect.CHROME_POLICY,
            None,
            None,
            "is no Chrome policy with an allowlist: it has no list `URLAllowlist`",
        ),
        (
            b'{"URLAllowlist": ["a.example", 5]}',
            Dialect.CHROME_POLICY,
            None,
            None,
            "is no Chrome policy: in `URLAllowlist` stands `5`",
        ),
        (
            b"Host,Note\n8x8.vc,x\n",
            Dialect.LITERAL,
            None,
            "Hots",
            "unknown column `Hots`; did you mean `Host`? (known: Host, Note)",
        ),
        (
            b"Host;Note\n8x8.vc;x\n",
            Dialect.UMBRELLA,
            None,
            None,
            "looks like CSV: say with `column:` which of its columns to read (`Host`, `Note`)",
        ),
        (b"a.example\n\xff\n", Dialect.UMBRELLA, None, None, "2: is not UTF-8: save the file as UTF-8"),
        (b"Host\n\x81\n", Dialect.UMBRELLA, ListFormat.CSV, "Host", "is not UTF-8: save the file as UTF-8"),
        (b"# nothing\n", Dialect.UMBRELLA, None, None, "holds no host pattern"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_one_fault(
    write: Write, *, content: bytes, dialect: Dialect, written: ListFormat | None, column: str | None, fault: str
) -> None:
    path = write("l", "")
    path.write_bytes(content)

    found = _fault(path, dialect, written, column)

    assert found == ("l:" if fault[0].isdecimal() else "l: ") + fault


def test_what_the_dialect_rejects_is_a_warning_with_its_line(write: Write) -> None:
    path = write("l", ".8x8.vc\n*.vevox.app\nhttps://a.example\n.co.uk\n\x1b[2J.evil.example\n")
    export = Export(path, Dialect.SQUID)

    assert list(map(str, list_warnings(export))) == [
        (
            "l:2: `*.vevox.app` covers nothing, because `squid` rejects it: "
            "dstdomain has no `*`: it is compared as it stands, and no host holds one"
        ),
        (
            "l:3: `https://a.example` covers nothing, because `squid` rejects it: "
            "it is a URL, and the list takes hosts: leave out what stands before the host"
        ),
        "l:4: `.co.uk` covers the whole public suffix `co.uk`: does the network really admit that?",
        "l:5: `\\x1b[2J.evil.example` is no host pattern, and is left out",
    ]
    assert read_list(export) == (".8x8.vc", "*.vevox.app", "https://a.example", ".co.uk")


def test_a_list_that_squid_does_not_start_with_is_a_fault_at_the_entry_to_leave_out(write: Write) -> None:
    path = write("l", "# vendors\n8x8.vc\n\n.vevox.app\n.8x8.vc\n")

    assert _fault(path, Dialect.SQUID) == (
        "l:2: `8x8.vc` lies within `.8x8.vc`, and Squid 5 does not start with both in this order: leave out `8x8.vc`"
    )
    assert _read(path, Dialect.AWS_NETWORK_FIREWALL) == ["8x8.vc", ".vevox.app", ".8x8.vc"]


def test_every_host_is_a_warning(write: Write) -> None:
    warnings = list_warnings(Export(write("l", "*\n"), Dialect.AZURE_FIREWALL))

    assert list(map(str, warnings)) == ["l:1: `*` covers every host: does the network really admit that?"]


def test_in_literal_what_makes_no_sense_stays_a_fault_in_every_format(write: Write) -> None:
    path = write("l.csv", "Host\n8x8.vc\n.vevox.app\n")

    assert _fault(path, Dialect.LITERAL, column="Host") == (
        "l.csv:3: `.vevox.app`: write `*.vevox.app`, and `vevox.app` as an entry of its own"
    )
