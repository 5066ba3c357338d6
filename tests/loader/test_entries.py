"""An entry of a site is of one kind, and refers to what the catalogue has."""

import pytest

from tests.loader.files import Write
from tierwall.loader.entries import entry_faults
from tierwall.loader.yaml.tree import read_document
from tierwall.policy.model import Catalogue


@pytest.mark.parametrize(
    "entry",
    [
        "{tiers: [core]}",
        "{vendor: vevox, services: [native-attendee]}",
        "{services: [native-attendee]}",
        '{rules: ["*.vevox.app"]}',
        "{hosts: [a.example]}",
        "{hosts: [a.example], networks: [10.0.0.0/8], ports: [tcp/1]}",
        "{file: list.txt, dialect: literal}",
        "{file: list.csv, dialect: zscaler, column: Host}",
        "{file: list.csv, format: csv, column: Host}",
        "{hosts: 5, networks: x, ports: ~, rules: {}, vendor: }",  # shapes are not looked at here
    ],
)
def test_an_entry_of_one_kind_is_fine(entry: str, write: Write, catalogue: Catalogue) -> None:
    document = read_document(write("f", f"admit: [{entry}]"))

    assert not [str(fault) for fault in entry_faults(document, catalogue) if "selects" not in fault.message]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{}", "admit[0]: admits nothing: it needs one of vendor, tiers, services, rules, hosts, networks, file"),
        (
            "{ports: [tcp/1]}",
            ("admit[0]: admits nothing: it needs one of vendor, tiers, services, rules, hosts, networks, file"),
        ),
        (
            "{vendor: 8x8, ports: [tcp/1]}",
            ("admit[0]: `vendor` selects vendors' rules, and `ports` lists your own: make two entries"),
        ),
        (
            "{tiers: [core], hosts: [a.example]}",
            ("admit[0]: `tiers` selects vendors' rules, and `hosts` lists your own: make two entries"),
        ),
        ("{file: x, hosts: [a.example]}", "admit[0]: `file` and `hosts` do not go together: make two entries"),
        ("{hosts: [a.example], format: csv}", "admit[0]: `format` says how a `file` is written, and there is none"),
        ("{hosts: [a.example], column: x}", "admit[0]: `column` says how a `file` is written, and there is none"),
        (
            "{file: x, format: csv}",
            "admit[0]: `format: csv` needs a `column`, the heading of the one that has the host patterns",
        ),
        ("{file: x, format: edl, column: y}", "admit[0]: `column` is for `format: csv`, not for `edl`"),
        ("{networks: [10.0.0.0/8]}", "admit[0]: networks need ports, such as `ports: [udp/10000]`"),
        (
            "{networks: [10.0.0.0/8, 10.0.0.0/9], ports: [tcp/1]}",
            ("admit[0].networks[1]: network 10.0.0.0/9 overlaps 10.0.0.0/8, which covers it: leave one out"),
        ),
        (
            "{vendor: vevx}",
            "admit[0].vendor: unknown vendor `vevx`; did you mean `vevox`?",
        ),
        (
            "{services: [native-atendee]}",
            ("admit[0].services[0]: unknown service `native-atendee`; did you mean `native-attendee`?"),
        ),
        ('{rules: ["*.vevox.ap"]}', "admit[0].rules[0]: unknown rule `*.vevox.ap`; did you mean `*.vevox.app`?"),
    ],
)
def test_an_entry_that_makes_no_sense_is_a_fault(entry: str, fault: str, write: Write, catalogue: Catalogue) -> None:
    document = read_document(write("f", f"admit: [{entry}]"))

    assert [str(found) for found in entry_faults(document, catalogue)] == [f"f:1: {fault}"]


def test_a_service_of_another_vendor_is_unknown(write: Write, catalogue: Catalogue) -> None:
    document = read_document(write("f", "admit: [{vendor: 8x8, services: [native-attendee]}]"))

    assert next(entry_faults(document, catalogue)).message.startswith("unknown service `native-attendee`")


def test_deny_takes_networks_without_ports_and_nothing_empty(write: Write, catalogue: Catalogue) -> None:
    document = read_document(write("f", "deny: [{networks: [10.0.0.0/8]}, {ports: [tcp/1]}]"))

    assert [str(fault) for fault in entry_faults(document, catalogue)] == [
        "f:1: deny[1]: denies nothing: it needs one of hosts, networks, file"
    ]
