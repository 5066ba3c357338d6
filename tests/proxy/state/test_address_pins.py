"""What a name led to when it was first used."""

from ipaddress import ip_address

from tierwall.proxy.state.address_pins import Pinned, Pins

FOUND, CHOSEN = ip_address("192.0.2.1"), ip_address("192.0.2.2")


def test_a_name_is_not_pinned_before_it_is_used() -> None:
    assert Pins().of("8x8.vc") is None


def test_what_look_ups_found_is_told_from_what_a_client_chose() -> None:
    pins = Pins()

    pins.pin("8x8.vc", frozenset({FOUND}), CHOSEN)

    assert pins.of("8x8.vc") == Pinned(frozenset({FOUND, CHOSEN}), frozenset({FOUND}))
