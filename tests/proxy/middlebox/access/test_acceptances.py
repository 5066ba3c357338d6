"""Acceptances in memory of a fixed size; that workers share it shows where workers are."""

from ipaddress import ip_address

from tierwall.proxy.middlebox.access.acceptances import Acceptances

GUEST = ip_address("2001:db8::7")
MEMORY_OCTETS = 4096 * 16


def test_the_latest_holds_and_another_portal_has_its_own() -> None:
    acceptances = Acceptances(bytearray(MEMORY_OCTETS))
    acceptances.accept("hotel.example", GUEST, 10.0)
    acceptances.accept("hotel.example", GUEST, 20.0)

    assert acceptances.until("hotel.example", GUEST) == 20.0
    assert acceptances.until("station.example", GUEST) == 0.0


def test_where_no_room_is_left_the_one_that_ends_first_is_forgotten() -> None:
    acceptances = Acceptances(bytearray(MEMORY_OCTETS))
    guests = [ip_address(number) for number in range(1, 20_000)]
    for until, guest in enumerate(guests, start=1):
        acceptances.accept("hotel.example", guest, float(until))

    known = [guest for guest in guests if acceptances.until("hotel.example", guest)]
    assert len(known) > 4000
    assert guests[-1] in known
    assert guests[0] not in known
