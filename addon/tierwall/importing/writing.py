"""A vendor policy -> the text of its file: a new one, or the file that stands with only what changed put in.

Knows YAML's round trip, so that comments, order and spelling of what did not change stay as people wrote them.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from tierwall.policy.model import (
    Choice,
    CitedDocument,
    Direction,
    Evidence,
    Ladder,
    Network,
    Rule,
    Service,
    Source,
    Vendor,
)
from tierwall.policy.projections.difference import Change, Kind

_SCHEMA: Final = "# yaml-language-server: $schema=../../addon/tierwall/schemas/vendor.schema.json\n"
_WIDTH: Final = 120


def new_text(vendor: Vendor, undecided: Iterable[str]) -> str:
    """The file of a policy that there is not yet; what a person has to decide stands in it as comments."""
    lines = [f"#   {line}\n" for line in undecided]
    note = "# A draft. A person has to decide:\n" + "".join(lines) if lines else ""
    return _SCHEMA + note + _dumped(_tree(vendor))


def changed_text(text: str, new: Vendor, changes: Iterable[Change]) -> str:
    """The file that stands, with these changes towards the new policy."""
    tree = _yaml().load(text)
    wanted = _tree(new)
    for change in changes:
        _put(tree, wanted, change)
    tree["version"] = 2
    return _dumped(tree)


# What stands


def _put(tree: CommentedMap, wanted: CommentedMap, change: Change) -> None:
    match change.what:
        case "rule":
            _put_rule(tree["rules"], wanted["rules"], change)
        case "vendor":
            _put_values(tree, wanted, change)
        case "one_of" | "fallback" if change.id not in wanted.get(change.what, {}):
            del tree[change.what][change.id]
            if not tree[change.what]:
                del tree[change.what]
        case "document" | "service" | "one_of" | "fallback":
            _put_named(tree, wanted, change)
        case _:
            raise AssertionError(change.what)


_PLURAL: Final = {"document": "sources", "service": "services", "one_of": "one_of", "fallback": "fallback"}


def _put_named(tree: CommentedMap, wanted: CommentedMap, change: Change) -> None:
    key = _PLURAL[change.what]
    if change.kind is Kind.REMOVED:
        del tree[key][change.id]
    elif change.kind is Kind.CHANGED and change.what in {"document", "service"}:
        _put_values(tree[key][change.id], wanted[key][change.id], change)
    else:
        tree[key][change.id] = wanted[key][change.id]
    for word, tier in wanted.get("tier_words", {}).items():
        tree.setdefault("tier_words", CommentedMap()).setdefault(word, tier)


def _put_rule(rules: CommentedSeq, wanted: CommentedSeq, change: Change) -> None:
    at = next((at for at, rule in enumerate(rules) if rule["id"] == change.id), None)
    if at is None:
        rules.append(next(rule for rule in wanted if rule["id"] == change.id))
    elif change.kind is Kind.REMOVED:
        del rules[at]
    else:
        _put_values(rules[at], next(rule for rule in wanted if rule["id"] == change.id), change)


def _put_values(standing: CommentedMap, wanted: CommentedMap, change: Change) -> None:
    keys = [value.key for value in change.values if value.key not in {"unspecified", "evidence"}]
    if any(value.key in {"unspecified", "evidence"} for value in change.values):
        keys += ["hosts", "networks", "ports"]
    for key in dict.fromkeys(keys):
        if key in wanted:
            standing[key] = wanted[key]
        else:
            standing.pop(key, None)


# What is new


def _tree(vendor: Vendor) -> CommentedMap:
    documents = {document.title: document.id for document in reversed(vendor.documents)}
    tree = CommentedMap(version=2, vendor=vendor.id, title=vendor.title)
    tree["sources"] = CommentedMap({document.id: _document(document) for document in vendor.documents})
    if vendor.addresses_unusable:
        tree["addresses_unusable"] = vendor.addresses_unusable
    words = {each.tier_word: each.tier.value for each in vendor.services if each.tier_word}
    if words:
        tree["tier_words"] = _flow_map(words)
    tree["services"] = CommentedMap({each.id: _service(each, documents) for each in vendor.services})
    tree["rules"] = CommentedSeq(_rule(each, documents) for each in vendor.rules)
    if vendor.choices:
        tree["one_of"] = CommentedMap({each.id: _choice(each, documents) for each in vendor.choices})
    if vendor.ladders:
        tree["fallback"] = CommentedMap({each.id: _ladder(each, documents) for each in vendor.ladders})
    return tree


def _document(document: CitedDocument) -> CommentedMap:
    tree = CommentedMap(title=document.title)
    if document.url:
        tree["url"] = DoubleQuotedScalarString(document.url)
    if document.retrieved:
        tree["retrieved"] = DoubleQuotedScalarString(document.retrieved)
    if document.form:
        tree["form"] = str(document.form)
    if document.only:
        tree["only"] = _flow(document.only)
    if document.map:
        tree["map"] = document.map
    return tree


def _service(service: Service, documents: Mapping[str, str]) -> CommentedMap:
    tree = CommentedMap(title=service.title, protocol=service.protocol.value)
    tree["tier"] = service.tier_word or service.tier.value
    tree["symptom"] = service.symptom
    if service.optional:
        tree["optional"] = True
    tree["source"] = _source(service.source, documents)
    return tree


def _rule(rule: Rule, documents: Mapping[str, str]) -> CommentedMap:
    tree = CommentedMap(id=DoubleQuotedScalarString(rule.id) if rule.id.startswith("*") else rule.id)
    tree |= _destinations(rule)
    tree["ports"] = _flow(map(str, rule.ports)) if rule.ports else "unspecified"
    if rule.direction is Direction.INBOUND:
        tree["direction"] = rule.direction.value
    tree["services"] = _flow(rule.services)
    if rule.evidence is Evidence.INFERRED:
        tree["evidence"] = rule.evidence.value
    for key, text in (("why", rule.why), ("category", rule.category), ("region", rule.region), ("note", rule.note)):
        if text:
            tree[key] = text
    if rule.optional:
        tree["optional"] = True
    tree["source"] = _source(rule.source, documents)
    return tree


def _destinations(rule: Rule) -> dict[str, object]:
    lists = {
        "hosts": rule.hosts,
        "networks": tuple(map(_network, rule.networks)),
        "asns": tuple(f"AS{asn}" for asn in rule.asns),
        "paths": rule.paths,
        "probe": rule.probe,
    }
    said: dict[str, object] = {key: _flow(values) for key, values in lists.items() if values}
    if rule.anywhere:
        said["anywhere"] = True
    if not rule.asns:
        said |= {key: "unspecified" for key in ("hosts", "networks") if key in rule.unspecified}
    return said


def _choice(choice: Choice, documents: Mapping[str, str]) -> CommentedMap:
    ways = CommentedSeq(_flow_map({"title": way.title, "rules": _flow(way.rules)}) for way in choice.ways)
    return CommentedMap(ways=ways, source=_source(choice.source, documents))


def _ladder(ladder: Ladder, documents: Mapping[str, str]) -> CommentedMap:
    steps = CommentedSeq(
        CommentedMap(
            {"title": step.title, "rules": _flow(step.rules)} | ({"remains": step.remains} if step.remains else {})
        )
        for step in ladder.steps
    )
    return CommentedMap(steps=steps, source=_source(ladder.source, documents))


def _source(source: Source, documents: Mapping[str, str]) -> CommentedMap:
    return _flow_map({"document": documents[source.document], "section": source.section})


def _network(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _flow(values: Iterable[str]) -> CommentedSeq:
    found = CommentedSeq(DoubleQuotedScalarString(value) if value.startswith("*") else value for value in values)
    found.fa.set_flow_style()
    return found


def _flow_map(values: Mapping[str, object]) -> CommentedMap:
    found = CommentedMap(values)
    found.fa.set_flow_style()
    return found


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(tree: CommentedMap) -> str:
    stream = io.StringIO()
    _yaml().dump(tree, stream)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())  # it wraps behind a blank
