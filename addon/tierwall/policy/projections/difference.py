"""What changed from one version of a vendor policy to another: rules, services and documents by their ids.

Knows two values, and no files. A rule that kept its id is the same rule, whatever became of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.model import Choice, CitedDocument, Ladder, Rule, Service, Vendor


class Kind(StrEnum):
    """What became of it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One key of what changed. Lists have what came and what went; of a single value, the new and the old one."""

    key: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`hosts: + a.example, - b.example`."""
        signed = [f"+ {value}" for value in self.added] + [f"- {value}" for value in self.removed]
        return f"{self.key}: {', '.join(signed)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different."""

    kind: Kind
    what: str
    """`vendor`, `document`, `service`, `rule`, `one_of`, `fallback`."""
    id: str
    values: tuple[Value, ...]
    """Of what is new or gone: all that it has, or had."""

    def __str__(self) -> str:
        """`rule set-12 changed: hosts: + a.example`."""
        said = "; ".join(map(str, self.values))
        return f"{self.what} {self.id} {self.kind}" + (f": {said}" if said else "")


def differences(old: Vendor, new: Vendor) -> tuple[Change, ...]:
    """Everything that is different, in the new one's order; what is gone comes last in its group."""
    return (
        *_changed("vendor", {old.id: old}, {new.id: new}, _of_vendor),
        *_changed("document", _by_id(old.documents), _by_id(new.documents), _of_document),
        *_changed("service", _by_id(old.services), _by_id(new.services), _of_service),
        *_changed("rule", _by_id(old.rules), _by_id(new.rules), _of_rule),
        *_changed("one_of", _by_id(old.choices), _by_id(new.choices), _of_choice),
        *_changed("fallback", _by_id(old.ladders), _by_id(new.ladders), _of_ladder),
    )


type _Fields = dict[str, tuple[str, ...]]


def _by_id[T: (Rule, Service, CitedDocument, Choice, Ladder)](things: Iterable[T]) -> dict[str, T]:
    return {thing.id: thing for thing in things}


def _changed[T](
    what: str, old: Mapping[str, T], new: Mapping[str, T], fields: Callable[[T], _Fields]
) -> Iterator[Change]:
    for name, thing in new.items():
        before = fields(old[name]) if name in old else {}
        values = tuple(_values(before, fields(thing)))
        if name not in old:
            yield Change(kind=Kind.ADDED, what=what, id=name, values=values)
        elif values:
            yield Change(kind=Kind.CHANGED, what=what, id=name, values=values)
    for name, thing in old.items():
        if name not in new:
            yield Change(kind=Kind.REMOVED, what=what, id=name, values=tuple(_values(fields(thing), {})))


def _values(old: _Fields, new: _Fields) -> Iterator[Value]:
    for key in dict.fromkeys((*new, *old)):
        before, after = old.get(key, ()), new.get(key, ())
        added = tuple(value for value in after if value not in before)
        removed = tuple(value for value in before if value not in after)
        if added or removed:
            yield Value(key=key, added=added, removed=removed)


def _said(**values: object) -> _Fields:
    """What has a value: a tuple as its parts, anything else as one."""
    return {
        key: tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
        for key, value in values.items()
        if value not in (None, (), False)
    }


def _of_vendor(vendor: Vendor) -> _Fields:
    return _said(title=vendor.title, addresses_unusable=vendor.addresses_unusable)


def _of_document(document: CitedDocument) -> _Fields:
    return _said(
        title=document.title,
        url=document.url,
        retrieved=document.retrieved,
        form=document.form,
        only=document.only,
        map=document.map,
    )


def _of_service(service: Service) -> _Fields:
    return _said(
        title=service.title,
        protocol=service.protocol,
        tier=f"{service.tier} ({service.tier_word})" if service.tier_word else service.tier,
        symptom=service.symptom,
        optional=service.optional,
        source=service.source,
    )


def _of_rule(rule: Rule) -> _Fields:
    return _said(
        hosts=rule.hosts,
        networks=rule.networks,
        ports=rule.ports,
        anywhere=rule.anywhere,
        asns=tuple(f"AS{asn}" for asn in rule.asns),
        paths=rule.paths,
        probe=rule.probe,
        direction=rule.direction,
        services=rule.services,
        evidence=rule.evidence,
        unspecified=rule.unspecified,
        why=rule.why,
        optional=rule.optional,
        category=rule.category,
        region=rule.region,
        note=rule.note,
        source=rule.source,
    )


def _of_choice(choice: Choice) -> _Fields:
    return {way.title: way.rules for way in choice.ways} | _said(source=choice.source)


def _of_ladder(ladder: Ladder) -> _Fields:
    steps = {f"{number}. {step.title}": step.rules for number, step in enumerate(ladder.steps, 1)}
    remains = _said(**{f"{number}. remains": step.remains for number, step in enumerate(ladder.steps, 1)})
    return steps | remains | _said(source=ladder.source)
