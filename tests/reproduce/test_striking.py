"""Which events are about a check: by its client's address, its destination, its service."""

from msgspec import structs

from tests.reproduce.test_results import check, event
from tierwall.events import Source
from tierwall.policy.behaviour import DnsFilter, DpiHttpsOnly
from tierwall.reproduce.check import Pattern
from tierwall.reproduce.striking import by_host, causes, concerning, struck


def test_clients_of_two_kinds_at_one_place_are_told_apart_by_their_addresses() -> None:
    native, pinned = check(), check(pattern=Pattern.PINNED)
    cut = event(pinned, DpiHttpsOnly())
    theirs = structs.replace(cut, source=Source(ip=pinned.client))

    assert struck(pinned, [theirs]) == [theirs]
    assert struck(native, [theirs]) == []


def test_a_name_that_is_filtered_for_one_service_is_why_another_at_that_name_fails() -> None:
    theirs = event(check(service="content"), DnsFilter())

    assert struck(check(), [theirs]) == []
    assert causes(check(), [theirs]) == [theirs]


def test_an_event_concerns_whoever_went_there_for_a_service_that_it_breaks() -> None:
    apps, elsewhere, other = check(), check(host="vevox.app"), check(service="content")
    cut = event(apps, DpiHttpsOnly())

    assert list(concerning([elsewhere, apps], [cut])) == [cut]
    assert list(concerning([elsewhere, other], [cut])) == []


def test_events_are_found_by_the_names_and_the_addresses_of_where_they_went() -> None:
    cut = event(check(), DpiHttpsOnly())

    assert by_host([cut]) == {"apps.vevox.app": [cut]}
