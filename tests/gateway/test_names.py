"""What names led to: who claims which ports of an address, and for how long."""

from ipaddress import ip_address

import pytest

from tests.policy.catalogues import ports
from tierwall.gateway import names
from tierwall.gateway.elements import Element
from tierwall.gateway.names import Full, Names
from tierwall.policy.model import Address
from tierwall.policy.projections.kernel_bypass import Led

HERE, THERE = ip_address("192.0.2.1"), ip_address("2001:db8::1")
SAYS = {
    "turn.example": Led(direct=ports("udp/3478", "udp/50000-60000")),
    "media.example": Led(direct=ports("udp/55000-65535")),
    "bad.example": Led(withheld=ports("udp/any")),
    "web.example": Led(),
}


def _names() -> Names:
    return Names(lambda name, address: SAYS[name])


def _element(spelling: str, until: float, *, withheld: bool = False) -> Element:
    return Element(withheld=withheld, ports=ports(spelling)[0], until=until)


def test_a_name_without_udp_needs_nothing_written() -> None:
    heard = _names()

    assert not heard.heard("web.example", HERE, 300, 0.0)
    assert heard.addresses() == ()


@pytest.mark.parametrize(("ttl_s", "lives_s"), [(0, 120), (60, 120), (300, 360), (10**9, 86_460)])
def test_an_element_lives_a_little_longer_than_the_answer(ttl_s: int, lives_s: float) -> None:
    heard = _names()

    assert heard.heard("media.example", HERE, ttl_s, 1000.0)
    assert heard.elements(HERE, 1000.0) == (_element("udp/55000-65535", 1000.0 + lives_s),)


def test_the_same_answer_again_is_written_again_only_when_its_spare_time_is_used_up() -> None:
    heard = _names()
    heard.heard("media.example", HERE, 300, 0.0)

    assert not heard.heard("media.example", HERE, 300, 59.0)
    assert heard.heard("media.example", HERE, 300, 61.0)


def test_names_that_share_an_address_share_its_ports_without_overlap() -> None:
    heard = _names()
    heard.heard("turn.example", HERE, 300, 0.0)
    heard.heard("media.example", HERE, 600, 0.0)

    assert heard.elements(HERE, 0.0) == (
        _element("udp/3478", 360.0),
        _element("udp/50000-54999", 360.0),
        _element("udp/55000-60000", 660.0),
        _element("udp/60001-65535", 660.0),
    )
    assert heard.elements(THERE, 0.0) == ()


def test_what_one_name_opens_another_withholds() -> None:
    heard = _names()
    heard.heard("media.example", HERE, 300, 0.0)
    heard.heard("bad.example", HERE, 60, 0.0)

    assert heard.elements(HERE, 1.0) == (
        _element("udp/55000-65535", 360.0),
        _element("udp/any", 120.0, withheld=True),
    )
    assert heard.elements(HERE, 121.0) == (_element("udp/55000-65535", 360.0),)


def test_there_is_room_for_so_many_addresses_and_what_ran_out_makes_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "ADDRESSES", 2)
    heard = _names()
    heard.heard("media.example", HERE, 60, 0.0)
    heard.heard("media.example", THERE, 600, 0.0)

    with pytest.raises(Full):
        heard.heard("media.example", ip_address("192.0.2.3"), 60, 1.0)
    assert heard.heard("media.example", ip_address("192.0.2.3"), 60, 121.0)
    assert set[Address](heard.addresses()) == {THERE, ip_address("192.0.2.3")}
