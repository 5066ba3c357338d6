"""A name that only our own DNS knows of speaks for an attempt, never against it."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, denied, listed
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Reason
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.state.active_policy import ActivePolicy

SITE = Site(id="lab", admit=(listed("a.example", "192.0.2.0/24"),))


def at(address: str, name: str, source: NameSource = NameSource.DNS) -> Attempt:
    names = (GivenName(source, name),)
    return Attempt(transport=Transport.TCP, port=443, names=names, address=ip_address(address))


@pytest.mark.parametrize(
    ("attempt", "passes", "names"),
    [
        (at("198.51.100.1", "a.example"), True, 1),
        (at("192.0.2.1", "unlisted.example"), True, 0),
        (at("198.51.100.1", "unlisted.example"), False, 1),
        (at("192.0.2.1", "unlisted.example", NameSource.SNI), False, 1),
    ],
    ids=["admitted by its name", "admitted by its address", "admitted by neither", "a name that the client gave"],
)
def test_it_is_judged_by_what_admits_it(attempt: Attempt, passes: bool, names: int) -> None:
    judged, verdict = judge_unnamed(ActivePolicy(SITE, CATALOGUE), attempt)

    assert (verdict.passes, len(judged.names)) == (passes, names)


def test_a_name_that_the_site_itself_denies_stays_denied() -> None:
    policy = ActivePolicy(replace(SITE, deny=(denied("evil.example"),)), CATALOGUE)

    _, verdict = judge_unnamed(policy, at("192.0.2.1", "evil.example"))

    assert (verdict.action, verdict.reason) == (Action.DENY, Reason.SITE_DENIED)
