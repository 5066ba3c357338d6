"""What browsers send to the proxy: whatever a vendor's document or the site's lists name, admitted or denied."""

from dataclasses import replace
from ipaddress import ip_network

from tests.policy.catalogues import CATALOGUE, listed, only
from tierwall.policy.behaviour import CaptivePortal
from tierwall.policy.behaviour.parameters import HostName
from tierwall.policy.dialect import Dialect, Reading
from tierwall.policy.model import Tier
from tierwall.policy.projections.pac_targets import MOST, Steering, steering
from tierwall.policy.site import Site


def of(site: Site) -> Steering:
    found = steering(site, CATALOGUE)
    assert found is not None
    return found


def test_denied_vendors_are_among_it() -> None:
    closed, core = Site(id="closed"), Site(id="core", admit=(only("8x8", tiers=[Tier.CORE]),))

    assert of(closed) == of(core)
    assert Reading("api.amplitude.com", 0, 0) in of(closed).readings


def test_the_page_of_a_captive_portal_is_among_it() -> None:
    hotel = Site(id="hotel", behaviours=(CaptivePortal(portal=HostName("hotel.example")),))

    assert Reading("hotel.example", 0, 0) in of(hotel).readings
    assert Reading("hotel.example", 0, 0) not in of(Site(id="none")).readings


def test_inbound_rules_are_not() -> None:
    inbound = {net for v in CATALOGUE.vendors for r in v.rules if r.direction == "inbound" for net in r.networks}

    assert inbound
    assert inbound.isdisjoint(of(Site(id="closed")).networks)


def test_the_sites_lists_are_read_as_its_product_reads_them() -> None:
    own = replace(listed("corp.example", label="admit[1]"), dialect=Dialect.SQUID)
    apex_alone = of(Site(id="own", admit=(own,)))
    below_too = of(Site(id="own", admit=(replace(own, hosts=(".corp.example",)),)))

    assert [each for each in apex_alone.readings if each.base == "corp.example"] == [Reading("corp.example", 0, 0)]
    assert [each for each in below_too.readings if each.base == "corp.example"] == [Reading("corp.example", 0, None)]


def test_what_the_site_denies_by_name_is_among_it() -> None:
    site = Site(
        id="own", deny=(listed("files.corp.example", label="deny[1]"), listed("203.0.113.0/24", label="deny[2]"))
    )

    assert Reading("files.corp.example", 0, 0) in of(site).readings
    assert ip_network("203.0.113.0/24") in of(site).networks


def test_a_list_that_no_browser_would_read_is_none() -> None:
    names = tuple(f"host{number}.corp.example" for number in range(MOST + 1))
    site = Site(id="long", admit=(replace(listed("corp.example", label="admit[1]"), hosts=names),))

    assert steering(site, CATALOGUE) is None
