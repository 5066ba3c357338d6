"""The only place where anything is decided: one attempt, one site, one catalogue -> one verdict.

The reasons (docs/reasons.md) are the two tables below, in their order; the first row that holds wins. What covers a
destination is coverage.py's, what people read of it and the verdict that a row
makes are judgement/'s.
"""

from collections.abc import Callable, Iterator
from typing import Final, assert_never

from tierwall.policy.access_rules import AccessRule, Decision, TlsDecision, TlsRule
from tierwall.policy.attempt import Attempt, Reason, Seen, Verdict
from tierwall.policy.hostname import is_private
from tierwall.policy.judgement import wording
from tierwall.policy.judgement.evaluation import Denial, Evaluation
from tierwall.policy.judgement.verdicts import passed, refused
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.match.coverage import Target, plain, serve, serving, targets_of
from tierwall.policy.match.index import Hit
from tierwall.policy.match.listed import Entry
from tierwall.policy.model import Address, Catalogue, Transport
from tierwall.policy.site import Site


def judge(site: Site, catalogue: Catalogue, attempt: Attempt) -> Verdict:
    """Decide whether the attempt passes under the site, why not, and what of the catalogue that breaks."""
    compiled = compiled_of(site, catalogue)
    case = Evaluation(site, compiled, attempt, targets_of(compiled, attempt))
    for holds in _ROWS:
        refusal = holds(case)
        if refusal is not None:
            return refused(case, refusal)
    return passed(case)


def prepare(site: Site, catalogue: Catalogue) -> None:
    """Build now what the first judgement would: seconds for a million entries, which no client should wait for."""
    compiled_of(site, catalogue)


# Rows 1 to 3: denied even where the site only observes


def _client_refused(case: Evaluation) -> Denial | None:
    client = case.attempt.client
    if client is None or case.compiled.clients.find(client):
        return None
    return _of_everything(case, Reason.CLIENT_REFUSED, wording.client_refused(client))


def _malformed(case: Evaluation) -> Denial | None:
    if case.attempt.malformed is None:
        return None
    return _of_everything(case, Reason.MALFORMED, case.attempt.malformed)


def _self_connect(case: Evaluation) -> Denial | None:
    if not case.attempt.to_self:
        return None
    return _of_everything(case, Reason.SELF_CONNECT, wording.SELF_CONNECT)


def _of_everything(case: Evaluation, reason: Reason, detail: str) -> Denial:
    return Denial(reason, detail, case.foremost, case.targets)


# Row 4: `deny` looks at every name, and at every address that is known


def _site_denied(case: Evaluation) -> Denial | None:
    if case.compiled.denied is None:
        return None
    for value in _everything_known(case.attempt):
        hit = serving(case.compiled.denied.find(value), value, case.attempt)
        if hit is not None:
            detail = wording.site_denied(hit, value)
            for target in case.targets:
                if target.value == value:
                    return Denial(Reason.SITE_DENIED, detail, target, [target])
            return _of_everything(case, Reason.SITE_DENIED, detail)
    return None


def _everything_known(attempt: Attempt) -> Iterator[str | Address]:
    for name in attempt.names:
        yield plain(name.value)
    for address in (attempt.address, attempt.dialled):
        if address is not None:
            yield plain(address)


# Row 5: some names are admitted, others not


def _name_mismatch(case: Evaluation) -> Denial | None:
    if len(case.targets) == 1:
        return None
    refused = [target for target in case.targets if target.admitted is None]
    admitted = [target for target in case.targets if target.admitted is not None]
    if not refused or not admitted:
        return None
    return Denial(Reason.NAME_MISMATCH, wording.name_mismatch(refused[0], admitted[0]), refused[0], refused)


# Rows 6 to 12: no name is admitted; the first row that holds for any of them


def _unadmitted(case: Evaluation) -> Denial | None:
    if case.targets[0].admitted is not None:  # and so are all, or row 5 would have held
        return None
    for reason, holds in _UNADMITTED:
        for target in case.targets:
            detail = holds(case, target)
            if detail is not None:
                return Denial(reason, detail, target, case.targets)
    raise AssertionError("the last row always holds")


def _rules_name_it(case: Evaluation, target: Target) -> str | None:
    for label, rule in _deciding(case, target):
        if rule.names_destinations:
            return wording.ruled_out(label, rule, target.text)
    return None


def _rules_close_its_port(case: Evaluation, target: Target) -> str | None:
    for label, rule in _deciding(case, target):
        if rule.closes_ports:
            return wording.port_ruled_out(label, rule, case.attempt.port)
    return None


def _deciding(case: Evaluation, target: Target) -> Iterator[tuple[str, AccessRule | TlsRule]]:
    """The rules of configurations that deny it."""
    for label, decider in case.compiled.deciders:
        rule = decider.deciding(target.value, case.attempt)
        if rule is not None and rule.decision is Decision.DENY:
            yield label, rule
        elif (cut := decider.tls(target.value, case.attempt)) is not None and cut.decision is TlsDecision.TERMINATE:
            yield label, cut


def _entries_have_other_ports(_: Evaluation, target: Target) -> str | None:
    covering = [hit for hit in target.listed if hit.covers and hit.payload.ports and hit.payload.decider is None]
    return wording.listed_with(covering) if covering else None


def _entry_comes_close(case: Evaluation, target: Target) -> str | None:
    for hit in target.listed:
        if not hit.covers and serve(hit.payload.ports, case.attempt):
            return wording.entry_gap(hit, target.value)
    return None


def _vendor_rule_covers(case: Evaluation, target: Target) -> str | None:
    if not target.covering:
        return None
    return wording.tier_closed(target.covering, case.compiled.too_weak, case.site.evidence)


def _vendor_rules_have_other_ports(_: Evaluation, target: Target) -> str | None:
    covering = [hit for hit in target.asked if hit.covers and hit.payload.egress and hit.payload.rule.ports]
    return wording.asked_with(covering) if covering else None


def _vendor_rule_comes_close(case: Evaluation, target: Target) -> str | None:
    for hit in target.asked:
        if not hit.covers and hit.payload.egress and serve(hit.payload.rule.ports, case.attempt):
            return wording.rule_gap(hit, target.value, case.site.dialect)
    return None


def _tls_without_a_name(case: Evaluation, target: Target) -> str | None:
    return wording.no_name(target.text) if not case.named and _speaks_tls(case.attempt.seen) else None


def _no_name_at_all(case: Evaluation, target: Target) -> str | None:
    return wording.address_only(target.text) if not case.named else None


def _always(_: Evaluation, __: Target) -> str | None:
    return wording.UNLISTED


_UNADMITTED: Final[tuple[tuple[Reason, Callable[[Evaluation, Target], str | None]], ...]] = (
    (Reason.SITE_DENIED, _rules_name_it),
    (Reason.PORT_CLOSED, _rules_close_its_port),
    (Reason.PORT_CLOSED, _entries_have_other_ports),
    (Reason.WILDCARD_GAP, _entry_comes_close),
    (Reason.TIER_CLOSED, _vendor_rule_covers),
    (Reason.PORT_CLOSED, _vendor_rules_have_other_ports),
    (Reason.WILDCARD_GAP, _vendor_rule_comes_close),
    (Reason.NO_NAME, _tls_without_a_name),
    (Reason.ADDRESS_ONLY, _no_name_at_all),
    (Reason.UNLISTED, _always),
)
"""Rows 6 to 12, and row 4 once more for what the rules of a configuration deny by name. Each says what people read
where it holds for a target, and None where it does not."""


def _speaks_tls(seen: Seen | None) -> bool:
    match seen:
        case Seen.TLS | Seen.QUIC:
            return True
        case Seen.HTTP | Seen.DNS | Seen.OPAQUE | None:
            return False
        case _:
            assert_never(seen)


# Row 13: everything is admitted, but what is spoken is not


def _protocol_closed(case: Evaluation) -> Denial | None:
    """It breaks the services that could be spoken to so, were they admitted; those that are speak TLS or HTTP."""
    attempt = case.attempt
    if attempt.seen is not Seen.OPAQUE or attempt.transport is not Transport.TCP:
        return None
    for target in case.targets:
        of_any = [hit for hit in target.listed if hit.payload.any_protocol]
        if target.value is not None and serving(of_any, target.value, attempt) is None:
            broken = target._replace(covering=[rule for rule in target.covering if rule.any_protocol])
            return Denial(Reason.PROTOCOL_CLOSED, wording.protocol_closed(target.admitted), target, [broken])
    return None


# Row 14: everything is admitted, but where it leads is not


def _private_address(case: Evaluation) -> Denial | None:
    address = _to_be_dialled(case.attempt)
    if address is None or case.attempt.redirected or not is_private(address):
        return None
    named = (hit for hit in case.compiled.admitted.find(address) if not _is_everywhere(hit))
    if serving(named, address, case.attempt) is not None:
        return None
    return _of_everything(case, Reason.PRIVATE_ADDRESS, wording.private_address(address))


def _is_everywhere(hit: Hit[Entry]) -> bool:
    """Whether it stands for every address: a rule that allows all of them names no private one."""
    return not isinstance(hit.base, str) and hit.base.prefixlen == 0 and hit.payload.decider is not None


def _to_be_dialled(attempt: Attempt) -> Address | None:
    """The best that is known: what was resolved, what the client chose, or a literal that it gave as a name."""
    literals = (name.value for name in attempt.names if not isinstance(name.value, str))
    return attempt.dialled or attempt.address or next(literals, None)


_ROWS: Final[tuple[Callable[[Evaluation], Denial | None], ...]] = (
    _client_refused,  # 1
    _malformed,  # 2
    _self_connect,  # 3
    _site_denied,  # 4
    _name_mismatch,  # 5
    _unadmitted,  # 6 to 12
    _protocol_closed,  # 13
    _private_address,  # 14
)
