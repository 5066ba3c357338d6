"""Vendor files become the catalogue, or every fault of theirs at once."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loader.files import VENDOR, Write
from tierwall.loader import InvalidFiles, bundled, load_catalogue
from tierwall.policy.model import Direction, Evidence, Ports, Rule, Source, Transport, Vendor


def _faults(*paths: Path) -> str:
    with pytest.raises(InvalidFiles) as invalid:
        load_catalogue(paths)
    return str(invalid.value)


def _acme(text: str, write: Write) -> Vendor:
    return load_catalogue([write("acme.yaml", text)]).vendor("acme")


def test_the_bundled_vendors_are_there() -> None:
    assert {"8x8", "vevox", "vsee-qatar", "teams", "zoom"} <= {vendor.id for vendor in load_catalogue([]).vendors}


def test_the_bundled_vendors_pass_the_checks_that_other_peoples_files_must_pass() -> None:
    assert load_catalogue([bundled() / "vendors"]).vendors


def test_a_rule_becomes_a_frozen_value(write: Write) -> None:
    vendor = _acme(VENDOR, write)

    assert vendor.path == "acme.yaml"
    assert vendor.rules == (
        Rule(
            id="*.acme.example",
            services=("calls",),
            hosts=("*.acme.example",),
            ports=(Ports(Transport.TCP, 443, 443),),
            source=Source(document="Acme Firewall Guide", section="Domains", url="https://acme.example/guide"),
        ),
    )


def test_every_key_of_a_rule_is_read(write: Write) -> None:
    text = (
        VENDOR
        + """\
  - id: turn
    networks: [192.0.2.7, 2001:db8::/32]
    ports: [udp/any]
    direction: inbound
    services: [calls]
    evidence: inferred
    why: Calls need it.
    category: turn
    region: "Germany (Frankfurt)"
    note: Seen once.
    source: {document: guide, section: TURN}
"""
    )

    rule = _acme(text, write).rules[1]

    assert rule.networks == (ip_network("192.0.2.7/32"), ip_network("2001:db8::/32"))
    assert (rule.direction, rule.evidence, rule.why) == (Direction.INBOUND, Evidence.INFERRED, "Calls need it.")
    assert (rule.category, rule.region, rule.note) == ("turn", "Germany (Frankfurt)", "Seen once.")


def test_a_value_that_the_document_leaves_empty_makes_the_rule_unspecified(write: Write) -> None:
    rule = _acme(VENDOR.replace("ports: [tcp/443]", "ports: unspecified"), write).rules[0]

    assert (rule.evidence, rule.unspecified, rule.ports) == (Evidence.UNSPECIFIED, ("ports",), ())


def test_hosts_are_normalised(write: Write) -> None:
    rule = _acme(VENDOR.replace('hosts: ["*.acme.example"]', 'hosts: ["*.BÜCHER.example."]'), write).rules[0]

    assert rule.hosts == ("*.xn--bcher-kva.example",)


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("version: 1", "version: 3", "1: version: this release reads versions 1 and 2: write `version: 2`"),
        (
            "title: Acme Video",
            "titel: Acme Video",
            (
                "1: title: is missing (The vendor's name, for people)\n"
                "acme.yaml:3: titel: unknown key `titel`; did you mean `title`? "
                "(known: version, vendor, title, sources, "
                "addresses_unusable, tier_words, services, rules, one_of, fallback)"
            ),
        ),
        (
            "title: Acme Video",
            "title: no",
            '3: title: expected text, and YAML takes `no` for a truth value: quote it, "no"',
        ),
        ("title: Acme Video", "title: 88", '3: title: expected text, and YAML takes `88` for a number: quote it, "88"'),
        ("title: Acme Video", "title:", "3: title: has no value: write one, or leave it out"),
        (
            "vendor: acme",
            "vendor: Acme",
            ("2: vendor: `Acme` is not an id (lower-case letters, digits, hyphens): write `acme`"),
        ),
        ("https://acme", "acme", "5: sources.guide.url: `acme.example/guide` is not a web address; expected https://…"),
        (
            "protocol: https",
            "protocol: htps",
            (
                "9: services.calls.protocol: unknown protocol `htps`; did you mean `https`? "
                "(known: https, websocket, http-redirect, tls-other, stun, media, xmpp, webhook, sftp, any, "
                "unspecified)"
            ),
        ),
        (
            "tier: core",
            "tier: cor",
            ("10: services.calls.tier: unknown tier `cor`; did you mean `core`? (known: core, auxiliary, analytics)"),
        ),
        (
            "tier: core",
            "tier: none",
            "10: services.calls.tier: unknown tier `none` (known: core, auxiliary, analytics)",
        ),
        (
            "tier: core",
            "tier: core\n    optional: maybe",
            ("11: services.calls.optional: expected true or false, found `maybe`"),
        ),
        (
            "guide, section: Calls",
            "gide, section: Calls",
            ("12: services.calls.source.document: unknown document `gide`; did you mean `guide`? (known: guide)"),
        ),
        (
            "  calls:",
            (
                "  other: {title: O, protocol: any, tier: core, symptom: S, source: {document: guide, section: S}}\n"
                "  calls:"
            ),
            "7: services.other: no rule serves it: name it in a rule, or leave it out",
        ),
        (
            "services: [calls]",
            "services: [cals]",
            (
                "7: services.calls: no rule serves it: name it in a rule, or leave it "
                "out\nacme.yaml:17: rules[0].services[0]: unknown service `cals`; did you mean `calls`? (known: calls)"
            ),
        ),
        (
            'hosts: ["*.acme.example"]',
            'hosts: ["*.com"]',
            ("15: rules[0].hosts[0]: `*.com` covers the whole public suffix `com`: name the vendor's domain"),
        ),
        (
            'hosts: ["*.acme.example"]',
            "hosts: a.example",
            ("15: rules[0].hosts: expected a list, or the word `unspecified`; found `a.example`"),
        ),
        (
            'hosts: ["*.acme.example"]',
            'hosts: ["https://x.example/"]',
            ("15: rules[0].hosts[0]: `https://x.example/` is a URL: write `x.example`"),
        ),
        (
            '    hosts: ["*.acme.example"]\n',
            "",
            ("14: rules[0]: has neither hosts nor networks: write `hosts: unspecified` if it has the row only"),
        ),
        (
            'hosts: ["*.acme.example"]',
            "networks: [10.0.0.0/8, 10.1.0.0/16]",
            ("15: rules[0].networks[1]: network 10.1.0.0/16 overlaps 10.0.0.0/8, which covers it: leave one out"),
        ),
        ("ports: [tcp/443]", "ports: [tcp/70000]", "16: rules[0].ports[0]: port 70000 is out of range (1-65535)"),
        ("ports: [tcp/443]", "ports: []", "16: rules[0].ports: must not be empty"),
        ("ports: [tcp/443]", "ports: {tcp: 443}", "16: rules[0].ports: expected a list, found a mapping"),
        ("    ports: [tcp/443]\n", "", "14: rules[0].ports: is missing (Transport and ports)"),
        (
            "services: [calls]",
            "services: [calls]\n    evidence: inferred",
            ("18: rules[0].evidence: `inferred` needs a `why`: what needs it, although no one says so"),
        ),
        (
            "services: [calls]",
            "services: [calls]\n    evidence: unspecified",
            (
                "18: rules[0].evidence: write the value "
                "itself as `unspecified`, such as `ports: unspecified`; the rule's evidence follows"
            ),
        ),
        (
            "services: [calls]",
            "services: [calls]\n    direction: ingress",
            ("18: rules[0].direction: unknown direction `ingress`; did you mean `egress`? (known: egress, inbound)"),
        ),
        (
            "services: [calls]",
            "services: [calls]\n    services: [calls]",
            ("18: rules[0].services: key `services` stands twice: line 17 has it too"),
        ),
        (
            "source: {document: guide, section: Domains}",
            "source: guide",
            ("18: rules[0].source: expected a mapping, found `guide`"),
        ),
    ],
)
def test_a_fault_names_file_line_and_mend(right: str, wrong: str, fault: str, write: Write) -> None:
    assert VENDOR.count(right) == 1

    assert _faults(write("acme.yaml", VENDOR.replace(right, wrong))) == f"acme.yaml:{fault}"


def test_faults_of_every_kind_and_of_every_file_are_told_at_once(write: Write) -> None:
    spoiled = VENDOR.replace("tcp/443", "tcp/0").replace("[calls]", "[calls, cals]").replace("tier: core", "tier: cor")
    rules = spoiled[spoiled.index("  - id") :]

    lines = _faults(write("a.yaml", spoiled + rules), write("b.yaml", "- x\n"), Path("c.yaml")).splitlines()

    assert [line.split(": ")[0:2] for line in lines] == [
        ["a.yaml:10", "services.calls.tier"],
        ["a.yaml:16", "rules[0].ports[0]"],
        ["a.yaml:17", "rules[0].services[1]"],
        ["a.yaml:19", "rules[1].id"],
        ["a.yaml:21", "rules[1].ports[0]"],
        ["a.yaml:22", "rules[1].services[1]"],
        ["b.yaml:1", "expected a mapping, found a list"],
        ["c.yaml", "no such file"],
    ]


def test_a_vendor_of_the_same_id_replaces_the_bundled_one(write: Write) -> None:
    catalogue = load_catalogue([write("mine.yaml", VENDOR.replace("vendor: acme", "vendor: vevox"))])

    assert catalogue.vendor("vevox").title == "Acme Video"
    assert len(catalogue.vendors) == len(load_catalogue([]).vendors)


def test_two_further_vendors_with_one_id_are_a_fault_that_names_both_files(write: Write) -> None:
    first, second = write("one.yaml", VENDOR), write("two.yaml", VENDOR)

    assert _faults(first, second) == "two.yaml: vendor: `acme` is the id of one.yaml too: rename one of them"


def test_a_folder_gives_its_files_and_a_file_that_is_named_twice_counts_once(write: Write) -> None:
    path = write("folder/acme.yaml", VENDOR)

    assert load_catalogue([path.parent, path]).vendor("acme")


def test_a_folder_without_yaml_files_is_a_fault(write: Write) -> None:
    folder = write("folder/readme.txt", "").parent

    assert _faults(folder) == "folder: is a folder without a .yaml or .yml file"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.data())
def test_no_spoiled_file_crashes_the_loader(write: Write, data: st.DataObject) -> None:
    """Whatever replaces a part of a good file, the answer is a catalogue or InvalidFiles."""
    start = data.draw(st.integers(0, len(VENDOR) - 1))
    end = data.draw(st.integers(start, min(start + 40, len(VENDOR))))
    other = data.draw(
        st.text(max_size=8) | st.sampled_from(["[]", "{}", "~", "- ", "no", "- a\n", "*x", ": ", "\n", "1"])
    )
    path = write("acme.yaml", "")
    path.write_text(VENDOR[:start] + other + VENDOR[end:], encoding="utf-8", errors="surrogatepass", newline="")

    try:
        load_catalogue([path])
    except InvalidFiles as invalid:
        assert invalid.faults  # noqa: PT017 - a catalogue is as good an answer
