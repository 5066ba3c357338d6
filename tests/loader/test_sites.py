"""Site files, what they extend and the lists they name become one site, or every fault of theirs at once."""

from ipaddress import ip_address, ip_network

import pytest

from tests.loader.files import Write
from tierwall.loader import Fault, InvalidFiles, load_site, site_names
from tierwall.policy.behaviour import NoHttp2, TlsInspection
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue, Evidence, Ports, Tier, Transport
from tierwall.policy.site import (
    HTTPS_PORTS,
    ConnectRefusal,
    DnsMode,
    DnsRefusal,
    HttpRefusal,
    ListEntry,
    Names,
    Refusals,
    Site,
    VendorEntry,
)

HEAD = "version: 1\nsite: lab\n"
EVERY_PORT = (Ports(Transport.TCP, 1, 65535), Ports(Transport.UDP, 1, 65535))


def _load(text: str, write: Write, catalogue: Catalogue) -> Site:
    return load_site(str(write("lab.yaml", HEAD + text)), catalogue)


def _faults(name: str, catalogue: Catalogue) -> str:
    with pytest.raises(InvalidFiles) as invalid:
        load_site(name, catalogue)
    return str(invalid.value)


def _list_entry(entry: object) -> ListEntry:
    assert isinstance(entry, ListEntry)
    return entry


@pytest.mark.parametrize("name", site_names())
def test_every_bundled_site_loads(name: str, catalogue: Catalogue) -> None:
    assert load_site(name, catalogue).id == name


def test_the_reference_admits_every_tier_of_every_vendor(catalogue: Catalogue) -> None:
    tiers = frozenset({Tier.CORE, Tier.AUXILIARY, Tier.ANALYTICS})

    assert load_site("reference", catalogue).admit == (VendorEntry(tiers=tiers),)


def test_a_site_that_says_nothing_has_the_defaults(write: Write, catalogue: Catalogue) -> None:
    site = _load("", write, catalogue)

    assert (site.admit, site.deny, site.behaviours, site.clients) == ((), (), (), None)
    assert (site.enforce, site.evidence, site.dialect) == (True, Evidence.INFERRED, Dialect.LITERAL)
    assert (site.refuse, site.dns, site.paths) == (Refusals(), DnsMode.ANSWER, ("lab.yaml",))
    assert site.names is Names.TRUST


def test_every_key_is_read(write: Write, catalogue: Catalogue) -> None:
    site = _load(
        """\
title: The lab
enforce: false
admit:
  - {vendor: 8x8, tiers: [core], services: [meetings]}
  - {hosts: ["*.Corp.example", corp.example], networks: [203.0.113.0/24], ports: [tcp/443, udp/10000]}
  - {hosts: [www.example]}
deny:
  - {hosts: [files.corp.example]}
  - {networks: [192.0.2.0/24], ports: [tcp/22]}
evidence: stated
refuse: {connect: 502, http: "403", tls: reset, socks: failure, dns: sinkhole 10.0.0.1, udp: drop, other: drop}
dns: filter
names: resolve
clients: [10.0.0.0/8, "::1"]
behaviours:
  - {behaviour: tls-inspection, except: ["*.bank.example"]}
""",
        write,
        catalogue,
    )

    assert site.admit[0] == VendorEntry(vendor="8x8", tiers=frozenset({Tier.CORE}), services=frozenset({"meetings"}))
    both, plain = map(_list_entry, site.admit[1:])
    assert (both.label, both.hosts) == ("admit[1]", ("*.corp.example", "corp.example"))
    assert (both.networks, both.ports[1]) == ((ip_network("203.0.113.0/24"),), Ports(Transport.UDP, 10000, 10000))
    assert (plain.hosts, plain.ports) == (("www.example",), HTTPS_PORTS)
    assert [(entry.label, entry.ports) for entry in site.deny] == [
        ("deny[0]", EVERY_PORT),
        ("deny[1]", (Ports(Transport.TCP, 22, 22),)),
    ]
    assert (site.refuse.connect, site.refuse.http) == (ConnectRefusal.BAD_GATEWAY, HttpRefusal.FORBIDDEN)
    assert (site.refuse.dns, site.refuse.sinkhole) == (DnsRefusal.SINKHOLE, ip_address("10.0.0.1"))
    assert (site.title, site.enforce, site.evidence, site.dns) == ("The lab", False, Evidence.STATED, DnsMode.FILTER)
    assert site.names is Names.RESOLVE
    assert site.clients == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert site.behaviours == (TlsInspection(excepted=("*.bank.example",)),)


def test_a_list_is_read_relative_to_the_site_file(write: Write, catalogue: Catalogue) -> None:
    write("sites/acme.txt", "# exported\n*.Acme.example\n\nacme.example # the apex\n")
    write("sites/acme.yaml", HEAD + "admit: [{file: acme.txt, ports: [tcp/any]}]\n")

    site = load_site("sites/acme.yaml", catalogue)

    entry = _list_entry(site.admit[0])
    assert (entry.label, entry.hosts) == ("acme.txt", ("*.acme.example", "acme.example"))
    assert entry.ports == (Ports(Transport.TCP, 1, 65535),)
    assert site.paths == ("sites/acme.yaml", "sites/acme.txt")


def test_lists_replace_scalars_override_refusals_merge_and_behaviours_add(write: Write, catalogue: Catalogue) -> None:
    write(
        "base.yaml",
        """\
version: 1
site: base
title: The base
enforce: false
evidence: stated
admit: [{vendor: 8x8}]
deny: [{hosts: [a.example]}]
refuse: {connect: 502, dns: sinkhole 10.0.0.1}
clients: [10.0.0.0/8]
behaviours: [{behaviour: tls-inspection, except: [a.example]}, {behaviour: no-http2}]
""",
    )

    site = _load(
        """\
extends: ./base.yaml
enforce: true
admit: []
refuse: {connect: reset, dns: nxdomain, http: drop}
behaviours: [{behaviour: tls-inspection}]
""",
        write,
        catalogue,
    )

    assert (site.id, site.title, site.enforce, site.evidence) == ("lab", "", True, Evidence.STATED)
    assert (site.admit, len(site.deny), site.clients) == ((), 1, (ip_network("10.0.0.0/8"),))
    assert site.refuse == Refusals(connect=ConnectRefusal.RESET, http=HttpRefusal.DROP)
    assert site.behaviours == (TlsInspection(), NoHttp2())
    assert site.paths == ("lab.yaml", "base.yaml")


def test_a_site_may_extend_a_bundled_one_by_its_name(write: Write, catalogue: Catalogue) -> None:
    site = _load("extends: reference\n", write, catalogue)

    assert site.admit == load_site("reference", catalogue).admit


@pytest.mark.parametrize("strict", ["closed", "core-only", "8x8-core-only", "vevox-only", "stated-only", "strict-bank"])
def test_sites_that_promise_that_nothing_else_is_open_resolve_claimed_names(strict: str, catalogue: Catalogue) -> None:
    assert load_site(strict, catalogue).names is Names.RESOLVE
    assert load_site("reference", catalogue).names is Names.TRUST


def test_a_site_has_the_names_of_the_one_it_extends(write: Write, catalogue: Catalogue) -> None:
    assert _load("extends: closed\n", write, catalogue).names is Names.RESOLVE
    assert _load("extends: closed\nnames: trust\n", write, catalogue).names is Names.TRUST


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("enforce: maybe", "3: enforce: expected true or false, found `maybe`"),
        (
            "names: resolved",
            "3: names: unknown way with claimed names `resolved`; did you mean `resolve`? (known: trust, resolve)",
        ),
        (
            "reason: x",
            (
                "3: reason: unknown key `reason` (known: version, site, title, extends, enforce, admit, deny, "
                "evidence, dialect, refuse, dns, names, clients, behaviours)"
            ),
        ),
        ("evidence: unspecified", "3: evidence: what is `unspecified` is never admitted (known: stated, inferred)"),
        ("evidence: state", "3: evidence: unknown evidence `state`; did you mean `stated`? (known: stated, inferred)"),
        (
            "dialect: litteral",
            "3: dialect: unknown dialect `litteral`; did you mean `literal`?",
        ),
        ("dns: filtr", "3: dns: unknown DNS mode `filtr`; did you mean `filter`? (known: answer, filter)"),
        (
            "refuse: {connect: 404}",
            ("3: refuse.connect: unknown refusal `404`; did you mean `407`? (known: 403, 502, 407, reset, drop)"),
        ),
        (
            "refuse: {http: off}",
            '3: refuse.http: expected text, and YAML takes `off` for a truth value: quote it, "off"',
        ),
        ("refuse: {dns: sinkhole}", "3: refuse.dns: `sinkhole` needs an address behind it, as in `sinkhole 10.0.0.1`"),
        ("refuse: {dns: drop 10.0.0.1}", "3: refuse.dns: `drop` takes nothing behind it, found `10.0.0.1`"),
        ("refuse: {udp: reset}", "3: refuse.udp: unknown refusal `reset` (known: drop)"),
        (
            "clients: [127.0.0.0/8, 127.0.0.1]",
            ("3: clients[1]: network 127.0.0.1/32 overlaps 127.0.0.0/8, which covers it: leave one out"),
        ),
        (
            "behaviours: [{behaviour: tls-inspecton}]",
            ("3: behaviours[0].behaviour: unknown behaviour `tls-inspecton`; did you mean `tls-inspection`?"),
        ),
        (
            'behaviours: [{behaviour: tls-inspection, except: ["*"]}]',
            ("3: behaviours[0].except[0]: `*` is every host: name a domain, as in `*.example.com`"),
        ),
        (
            "extends: refrence",
            "3: extends: unknown site `refrence`; did you mean `reference`?; `tierwall sites` lists the bundled ones",
        ),
        (
            "admit: [{hosts: [.corp.example]}]",
            "3: admit[0].hosts[0]: `.corp.example`: write `*.corp.example`, and `corp.example` as an entry of its own",
        ),
        (
            "deny: [{hosts: [.corp.example], dialect: literal}]\ndialect: squid",
            "3: deny[0].hosts[0]: `.corp.example`: write `*.corp.example`, and `corp.example` as an entry of its own",
        ),
        ('admit: [{hosts: [""]}]\ndialect: squid', "3: admit[0].hosts[0]: must not be empty"),
        (
            'admit: [{hosts: ["a\\e.example"]}]\ndialect: squid',
            "3: admit[0].hosts[0]: `a\\x1b.example` holds a character that cannot be printed",
        ),
        (
            "admit: [{file: lab.yaml, dialect: squid, format: squit}]",
            "3: admit[0].format: unknown format `squit`; did you mean `squid`?",
        ),
        ("extends: ./nope.yaml", "3: extends: `./nope.yaml`: no such file"),
        ('extends: "./a\\0.yaml"', "3: extends: `./a\\x00.yaml` holds a character that cannot be printed"),
        ("extends: ./lab.yaml", "3: extends: goes in a circle: lab.yaml → lab.yaml"),
        ("admit: [{file: nope.txt}]", "3: admit[0].file: `nope.txt`: no such file"),
        (
            "admit: [{vendor: vevx}]",
            ("3: admit[0].vendor: unknown vendor `vevx`; did you mean `vevox`?"),
        ),
    ],
)
def test_a_fault_names_file_line_and_mend(text: str, fault: str, write: Write, catalogue: Catalogue) -> None:
    write("lab.yaml", HEAD + text)

    assert _faults("lab.yaml", catalogue) == f"lab.yaml:{fault}"


def test_faults_of_the_site_of_what_it_extends_and_of_lists_are_told_at_once(
    write: Write, catalogue: Catalogue
) -> None:
    write("lab.yaml", HEAD + "extends: ./base.yaml\nadmit: [{file: hosts.txt}]\ndns: x\n")
    write("base.yaml", "version: 1\nsite: Base\nextends: ./lab.yaml\n")
    write("hosts.txt", "a.example\nhttps://b.example\n")

    assert _faults("lab.yaml", catalogue).splitlines() == [
        "lab.yaml:5: dns: unknown DNS mode `x` (known: answer, filter)",
        "base.yaml:2: site: `Base` is not an id (lower-case letters, digits, hyphens): write `base`",
        "base.yaml:3: extends: goes in a circle: lab.yaml → base.yaml → lab.yaml",
        "hosts.txt:2: `https://b.example` is a URL: write `b.example`",
    ]


def test_an_unknown_name_gets_the_nearest_and_who_lists_them(catalogue: Catalogue) -> None:
    listed = "`tierwall sites` lists the bundled ones"

    assert _faults("refrence", catalogue) == f"unknown site `refrence`; did you mean `reference`?; {listed}"


def test_wildcards_on_public_suffixes_are_warnings(write: Write, catalogue: Catalogue) -> None:
    write("hosts.txt", "*.example.com\n*.co.uk\n")
    write("lab.yaml", HEAD + 'admit:\n  - {hosts: ["*.com", "*.googleapis.com"]}\n  - {file: hosts.txt}\n')
    warnings: list[Fault] = []

    site = load_site("lab.yaml", catalogue, warnings.append)

    assert len(site.admit) == 2
    assert list(map(str, warnings)) == [
        (
            "lab.yaml:4: admit[0].hosts[0]: `*.com` covers the whole public suffix `com`: "
            "does the network really admit that?"
        ),
        "hosts.txt:2: `*.co.uk` covers the whole public suffix `co.uk`: does the network really admit that?",
    ]
