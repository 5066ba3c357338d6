"""What a site breaks is computed: which services are closed, which get through and are hit."""

import pytest

from tests.policy.catalogues import CATALOGUE, everything, only
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import Behaviour, Cut, IdleTimeout, NoUdp, Scope, TlsInspection
from tierwall.policy.behaviour.parameters import HostPattern, Seconds
from tierwall.policy.model import Tier
from tierwall.policy.projections.impact import State, Surveyed, survey, tries_of
from tierwall.policy.site import Site


def surveyed(*behaviours: Behaviour, tiers: list[Tier] | None = None) -> dict[str, Surveyed]:
    admit = (everything(),) if tiers is None else (only(tiers=tiers),)
    site = Site(id="lab", admit=admit, behaviours=behaviours)
    return {f"{each.vendor}/{each.service}": each for each in survey(site, CATALOGUE)}


def test_everything_that_is_admitted_and_left_alone_works() -> None:
    assert {each.state for each in surveyed().values()} == {State.WORKS}


def test_inbound_and_unspecified_rules_are_nobodys_way_out() -> None:
    assert not {"8x8/webhooks", "vsee/clinic", "vsee/chat"} & surveyed().keys()


def test_a_closed_tier_closes_its_services_with_the_reason() -> None:
    found = surveyed(tiers=[Tier.CORE])

    assert (found["8x8/extras"].state, found["8x8/extras"].reasons) == (State.CLOSED, (Reason.TIER_CLOSED,))
    assert found["8x8/meetings"].state is State.WORKS


def test_a_service_with_open_and_closed_places_is_partly_closed() -> None:
    found = surveyed(tiers=[Tier.CORE])["8x8/analytics"]

    assert (found.state, found.closed, found.places) == (State.PARTLY, ("api.amplitude.com:443",), 2)


def test_a_behaviour_hits_what_its_protocol_and_scope_say() -> None:
    found = surveyed(TlsInspection(scope=Scope(vendor="vevox")), NoUdp())

    assert found["vevox/apps"].behaviours == ("tls-inspection",)
    assert found["8x8/meetings"].state is State.WORKS
    assert found["8x8/turn"].behaviours == ("no-udp",)


def test_behaviours_stand_in_the_order_in_which_they_act() -> None:
    idle = IdleTimeout(after=Seconds(60.0), how=Cut.RST, scope=Scope(hosts=(HostPattern("8x8.vc"),)))

    # The catalogue's services are HTTPS, which an idle connection does not hurt.
    assert surveyed(idle, TlsInspection())["8x8/meetings"].behaviours == ("tls-inspection",)


@pytest.mark.parametrize("vendor", [None, "vevox"])
def test_a_wildcard_is_tried_by_a_name_of_the_services_own(vendor: str | None) -> None:
    places = {each.place for each in tries_of(CATALOGUE, vendor)}

    assert {"apps.vevox.app:443", "vevox.app:443", "redirect.vevox.app:80"} <= places
    assert ("8x8.vc:443" in places) is (vendor is None)
