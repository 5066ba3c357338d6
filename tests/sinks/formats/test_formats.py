"""What each engine is told of one denial, and what its answers mean."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.material import ATTEMPT, DENIED, context
from tests.sinks.material import entry, event
from tierwall.events import ClosedBy, closed, from_verdict, schema_text
from tierwall.policy.attempt import Action, Verdict
from tierwall.policy.model import Tier
from tierwall.sinks.entry import Entry, NotNow, Outcome
from tierwall.sinks.formats import clickhouse, elasticsearch, otlp, syslog, webhook
from tierwall.sinks.formats.sentence import sentence

NOW_NS = "1795226584567000000"


def test_otlp_says_it_as_the_specification_has_it() -> None:
    denied = entry()

    [resource] = json.loads(otlp.request([denied], "lab1"))["resourceLogs"]
    [record] = resource["scopeLogs"][0]["logRecords"]
    attributes = {each["key"]: each["value"] for each in record["attributes"]}

    assert {each["key"]: each["value"]["stringValue"] for each in resource["resource"]["attributes"]}[
        "host.name"
    ] == "lab1"
    assert (record["timeUnixNano"], record["severityNumber"], record["severityText"]) == (
        "1795226584567000000",
        9,
        "INFO",
    )
    assert record["eventName"] == "tierwall.denied"
    assert record["body"] == {
        "stringValue": "denied api.amplitude.com:443 tier-closed breaks 8x8/analytics (analytics)"
    }
    assert attributes["destination.port"] == {"intValue": "443"}
    assert attributes["event.id"] == {"stringValue": "7"}
    assert attributes["event.category"] == {"arrayValue": {"values": [{"stringValue": "network"}]}}
    assert attributes["tierwall.breaks.services"] == {"arrayValue": {"values": [{"stringValue": "8x8/analytics"}]}}
    assert attributes["tierwall.breaks"]["arrayValue"]["values"][0]["kvlistValue"]["values"][0]["key"] == "vendor"
    assert "@timestamp" not in attributes


TEXTS = st.one_of(st.none(), st.sampled_from(["a.example", '","bytes":7}', '{"id":"x"}', "\\", "é\u2028"]))
COUNTS = st.one_of(st.none(), st.integers(0, 2**63 - 1))


@given(TEXTS, TEXTS, TEXTS, COUNTS, COUNTS, COUNTS, st.one_of(st.none(), st.integers(0, 65535)), st.booleans())
def test_what_lines_have_alike_changes_nothing_of_what_otlp_says(  # noqa: PLR0917 - the parts of an event
    domain: str | None,
    agent: str | None,
    site: str | None,
    duration: int | None,
    sent: int | None,
    received: int | None,
    port: int | None,
    six: bool,
) -> None:
    made = from_verdict(DENIED, ATTEMPT, context(user_agent=agent))
    put = msgspec.structs.replace
    assert made.source is not None
    assert made.destination is not None
    made = put(
        made,
        event=put(made.event, duration=duration),
        source=put(made.source, ip="fd00::1%eth0" if six else "10.0.0.1", port=port, bytes=sent),
        destination=put(made.destination, domain=domain, bytes=received),
        tierwall=put(made.tierwall, site=site),
    )
    as_written = entry(made)
    spaced = Entry(json.dumps(json.loads(as_written.line)).encode(), as_written.id)  # which is read whole

    assert record_of(as_written) == record_of(spaced)


def record_of(one: Entry) -> Any:
    """Its attributes in one order."""
    [record] = json.loads(otlp.request([one], "lab1"))["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    record["attributes"].sort(key=lambda each: each["key"])
    return record


def test_a_clock_that_is_off_goes_along_as_it_is() -> None:
    """Sinks compare no times: an event of another year is one like any other, and its id stays."""
    early, late = (
        msgspec.structs.replace(event(number), timestamp=when)
        for number, when in ((1, "1999-12-31T23:59:59.999Z"), (2, "2099-01-01T00:00:00.000Z"))
    )

    times = [record_of(entry(each))["timeUnixNano"] for each in (early, late)]
    rows = [json.loads(clickhouse.request([entry(each)]))["ts"] for each in (early, late)]

    assert times == ["946684799999000000", "4070908800000000000"]
    assert rows == ["1999-12-31 23:59:59.999", "2099-01-01 00:00:00.000"]
    assert b"1 1999-12-31T23:59:59.999Z lab1" in syslog.frame(entry(early), "lab1", 1)


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (
            b'{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too long"}}',
            Outcome(refused=2, why="too long"),
        ),
        (b'{"partialSuccess":null}', Outcome()),
        (b"{}", Outcome()),
        (b"OK", Outcome()),
        (b"[]", Outcome()),
    ],
)
def test_otlp_partial_success_is_a_loss(body: bytes, refused: Outcome) -> None:
    assert otlp.outcome(body) == refused


def test_a_bulk_request_creates_each_event_under_its_id() -> None:
    one = entry()

    action, document = elasticsearch.request([one]).splitlines()

    assert json.loads(action) == {"create": {"_id": "7"}}
    assert document == one.line


def test_of_a_bulk_answer_what_is_there_already_was_taken_what_is_busy_comes_again_and_the_rest_is_lost() -> None:
    entries = [entry(event(number)) for number in range(4)]
    said = {
        "errors": True,
        "items": [
            {"create": {"status": 201}},
            {"create": {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "exists"}}},
            {"create": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}},
            {"create": {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no ip"}}},
        ],
    }

    found = elasticsearch.outcome(json.dumps(said).encode(), entries)

    assert found == Outcome(refused=1, why="mapper_parsing_exception: no ip", again=(entries[2],))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"errors":true,"items":[]}', b'{"errors":true,"items":[{}]}']
)
def test_an_answer_that_is_none_to_a_bulk_request_loses_nothing(body: bytes) -> None:
    with pytest.raises(NotNow):
        elasticsearch.outcome(body, [entry()])


@pytest.mark.parametrize("opensearch", [False, True])
def test_every_field_of_an_event_has_a_type_in_the_index_template(opensearch: bool) -> None:
    template: Any = elasticsearch.template(opensearch=opensearch)
    schema = json.loads(schema_text())

    def fields(of: Any, at: str = "") -> set[str]:
        of = schema["$defs"][of["$ref"].rpartition("/")[2]] if "$ref" in of else of
        if "properties" not in of or at.endswith("breaks."):
            return {at.rstrip(".")}
        return {name for key, each in of["properties"].items() for name in fields(each, f"{at}{key}.")}

    def mapped(of: Any, at: str = "") -> set[str]:
        if "properties" not in of or of.get("type") == "nested":
            return {at.rstrip(".")}
        return {name for key, each in of["properties"].items() for name in mapped(each, f"{at}{key}.")}

    assert mapped(template["template"]["mappings"]) == fields(schema)


def test_a_row_for_clickhouse_has_the_table_s_columns_and_the_whole_event() -> None:
    one = entry()

    row = json.loads(clickhouse.request([one]))

    columns = set(re.findall(r"^    (\w+) ", clickhouse.DDL, re.MULTILINE)) - {"breaks"}
    assert {name for name in row if not name.startswith("breaks.")} == columns
    assert {key: row[key] for key in ("ts", "id", "tier", "vendor", "ip", "client", "port", "breaks.service")} == {
        "ts": "2026-11-21 02:03:04.567",
        "id": "7",
        "tier": "analytics",
        "vendor": "",
        "ip": "::",
        "client": "::ffff:10.77.1.2",
        "port": 443,
        "breaks.service": ["analytics"],
    } | {"vendor": row["vendor"]}
    assert json.loads(row["raw"])["event"]["id"] == "7"


def test_a_syslog_message_is_framed_by_its_length_and_escapes_what_the_rfc_says() -> None:
    octets = syslog.frame(entry(), 'lab"1', 812)

    length, _, message = octets.partition(b" ")
    assert int(length) == len(message)
    assert message.startswith(
        b'<134>1 2026-11-21T02:03:04.567Z lab"1 tierwall 812 denied [tierwall@32473 id="7" site="lab" tier="analytics" '
        b'reason="tier-closed" '
    )
    assert b'dst="api.amplitude.com" dpt="443"] {"@timestamp"' in message


def test_what_a_client_put_into_a_name_cannot_end_a_syslog_element() -> None:
    hostile = from_verdict(DENIED, ATTEMPT, context())
    ours = msgspec.structs.replace(hostile.tierwall, site='a"] <13>1 x\\')

    message = syslog.frame(entry(msgspec.structs.replace(hostile, tierwall=ours)), "lab1", 1)

    assert rb'site="a\"\] <13>1 x\\"' in message


def test_a_webhook_is_called_for_denials_of_core_and_nothing_else() -> None:
    core = Verdict(action=Action.DENY, reason=DENIED.reason, tier=Tier.CORE, name=DENIED.name)
    denied = from_verdict(core, ATTEMPT, context())
    ended = closed(core, ATTEMPT, context(), by=ClosedBy.CLIENT, sent=1, received=1, duration=1)

    assert [webhook.wanted(entry(each)) for each in (denied, entry().event, ended, event(1))] == [
        True,
        False,
        False,
        False,
    ]
    body = json.loads(webhook.request([entry(denied)] * 7))
    assert (len(body["events"]), body["text"].splitlines()[-1]) == (7, "and 2 more")


def test_a_sentence_says_what_where_why_and_what_breaks() -> None:
    assert sentence(event(1)) == "fault one of many"
