"""Tables of hosts and ports, in HTML, Markdown, CSV or pasted, become rows; a mapping says what is unclear."""

import pytest

from tests.importing.reading import document, draft_of
from tierwall.importing.mapping import Mapping
from tierwall.importing.rows import UnreadableDocument
from tierwall.policy.model import Direction, Protocol, Rule, Tier, Vendor

HTML = """
<h1>Acme</h1><h2>Required <em>hosts</em></h2>
<table>
<thead><tr><th>Required</th><th>Service</th><th>Host</th><th>Transport</th><th>Ports</th></tr></thead>
<tr><td rowspan=2>Mandatory</td><td>Signalling (WebSocket)</td><td>live.acme.example<br>{eu,us}.live.acme.example</td>
<td>TCP</td><td>443</td></tr>
<tr><td>Media</td><td><p>Any</p></td><td>UDP</td><td>10000 - 65535</td></tr>
<tr><td>Recommended</td><td>Push</td><td>AS15169, push.acme.example</td><td>TCP</td><td>443, 5228-5230</td></tr>
<tr><td>Optional</td><td>Feedback</td><td>https://www.acme.example/tools/feedback</td><td></td><td>443</td></tr>
</table>
<script>document.write("<table><tr><td>Host</td></tr></table>")</script>
"""
CSV = "Domain;Ports;Purpose\n*.acme.example;TCP 443;Web app\nmedia.acme.example;UDP 3478;Media\n"
PASTED = "Network settings\n\nDomain\tPorts\tFunction\n*.acme.example\tTCP 443\tWeb app\n"


def rules(text: str, mapping: Mapping | None = None) -> dict[str, Rule]:
    return {rule.id: rule for rule in vendor(text, mapping).rules}


def vendor(text: str, mapping: Mapping | None = None) -> Vendor:
    return draft_of(text, mapping=mapping).vendor


def ports(rule: Rule) -> list[str]:
    return list(map(str, rule.ports))


def test_every_row_of_an_html_table_is_a_rule_below_its_heading() -> None:
    found = rules(HTML)

    assert list(found) == [
        "signalling-websocket",
        "media",
        "push",
        "push-as",
        "www.acme.example",
    ]
    assert {rule.source.section for rule in found.values()} == {"Required hosts"}


def test_hosts_of_one_cell_share_its_row() -> None:
    signalling = rules(HTML)["signalling-websocket"]

    assert signalling.hosts == ("live.acme.example", "eu.live.acme.example", "us.live.acme.example")
    assert ports(signalling) == ["tcp/443"]


def test_a_cell_over_several_rows_stands_in_each() -> None:
    assert vendor(HTML).service("media").tier_word == "Mandatory"


def test_a_row_for_any_destination_lists_none() -> None:
    media = rules(HTML)["media"]

    assert (media.anywhere, media.hosts, media.networks, ports(media)) == (True, (), (), ["udp/10000-65535"])


def test_systems_and_hosts_of_one_cell_are_two_rules() -> None:
    found = rules(HTML)

    assert (found["push"].hosts, found["push"].asns) == (("push.acme.example",), ())
    assert (found["push-as"].asns, found["push-as"].unspecified) == ((15169,), ("networks",))


def test_a_path_is_kept_beside_its_host_and_ports_without_transport_are_left_open() -> None:
    feedback = rules(HTML)["www.acme.example"]

    assert (feedback.paths, feedback.unspecified) == (("/tools/feedback",), ("ports",))
    assert "rule www.acme.example: ports 443: whether TCP or UDP is not said" in draft_of(HTML).undecided


def test_words_of_need_are_taken_for_tiers_until_somebody_decides() -> None:
    draft = draft_of(HTML)

    assert {each.id: (each.tier_word, each.tier, each.optional) for each in draft.vendor.services} == {
        "signalling-websocket": ("Mandatory", Tier.CORE, False),
        "media": ("Mandatory", Tier.CORE, False),
        "push": ("Recommended", Tier.AUXILIARY, False),
        "feedback": ("Optional", Tier.AUXILIARY, True),
    }
    assert "tier: `Recommended` is taken for auxiliary" in draft.undecided


def test_what_a_service_speaks_is_read_from_its_words() -> None:
    services = {each.id: each.protocol for each in vendor(HTML).services}

    assert services["signalling-websocket"] is Protocol.WEBSOCKET
    assert services["media"] is Protocol.MEDIA
    assert services["push"] is Protocol.UNSPECIFIED


@pytest.mark.parametrize(
    "text", [CSV, PASTED, "| Domain | Ports | Use |\n|-|-|-|\n| `*.acme.example` | TCP 443 | Web app |"]
)
def test_other_forms_of_tables_say_the_same(text: str) -> None:
    rule = rules(text)["*.acme.example"]

    assert (rule.hosts, ports(rule)) == (("*.acme.example",), ["tcp/443"])


def test_livekits_rows_are_all_there_and_their_guesses_are_said() -> None:
    draft = draft_of(document("livekit-firewall.md"))

    assert {(rule.hosts, *ports(rule), rule.anywhere) for rule in draft.vendor.rules} == {
        (("*.livekit.cloud",), "tcp/443", False),
        (("*.turn.livekit.cloud",), "tcp/443", False),
        (("*.host.livekit.cloud",), "udp/3478", False),
        ((), "udp/50000-60000", True),
        ((), "tcp/7881", True),
    }
    assert "table 1: taken by their headings: Host as host, Port as ports, Purpose as service" in draft.undecided


def test_a_mapping_names_columns_words_and_what_is_said_elsewhere() -> None:
    text = "| Wo | Wozu | Wichtig |\n|---|---|---|\n| a.acme.example | Anmeldung | ja |\n"
    mapping = Mapping.model_validate(
        {
            "columns": {"host": "Wo", "service": "Wozu", "need": "Wichtig"},
            "words": {"ja": "core"},
            "protocols": {"Anmeldung": "https"},
            "ports": "TCP 443",
        }
    )

    found = vendor(text, mapping)

    assert (found.rules[0].hosts, ports(found.rules[0])) == (("a.acme.example",), ["tcp/443"])
    assert (found.services[0].protocol, found.services[0].tier_word) == (Protocol.HTTPS, "Ja")


def test_a_table_without_headings_is_mapped_by_numbers() -> None:
    mapping = Mapping.model_validate({"header": False, "columns": {"host": "2", "ports": "1"}, "transport": "tcp"})

    assert ports(rules("443\ta.acme.example\n8443\tb.acme.example\n", mapping)["b.acme.example"]) == ["tcp/8443"]


def test_only_the_tables_that_the_mapping_names_are_read() -> None:
    second = "\n# Second\n| Host | Ports |\n|---|---|\n| b.acme.example | TCP 1 |\n"
    text = "# First\n| Host | Ports |\n|---|---|\n| a.acme.example | TCP 1 |\n" + second

    assert list(rules(text, Mapping.model_validate({"tables": [2]}))) == ["b.acme.example"]
    assert list(rules(text)) == ["a.acme.example", "b.acme.example"]


def test_inbound_rows_are_inbound() -> None:
    text = "Host,Ports,Direction\n192.0.2.7,TCP 443,Inbound\na.b.example,TCP 443,Out\n"

    assert [rule.direction for rule in vendor(text).rules] == [Direction.INBOUND, Direction.EGRESS]


def test_rows_with_the_same_host_have_ids_of_their_own() -> None:
    text = "Host,Ports\na.acme.example,TCP 443\na.acme.example,TCP 80\na.acme.example,TCP 80\n"

    assert list(rules(text)) == ["a.acme.example", "a.acme.example:tcp80", "a.acme.example:2"]


@pytest.mark.parametrize("text", ["Nothing here.", "| A | B |\n|---|---|\n| 1 | 2 |"])
def test_a_page_without_hosts_says_which_tables_it_has_and_the_mend(text: str) -> None:
    with pytest.raises(UnreadableDocument, match="a mapping file names it"):
        vendor(text)
