"""`--resolve` as curl has it, names learned from DNS, and which addresses are the proxy's own."""

import asyncio
from ipaddress import ip_address

import pytest

from tests.support.endpoints import run
from tierwall.proxy.state import destinations
from tierwall.proxy.state.destinations import Destination, Destinations, InvalidResolve, parse_redirect


def _leads(host: str, port: int, *resolve: str) -> str | None:
    found = Destinations(tuple(parse_redirect(text) for text in resolve)).redirect(host, port)
    return None if found is None else f"{found.addresses[0]}:{found.port}"


@pytest.mark.parametrize(
    ("text", "host", "port", "leads_to"),
    [
        ("vevox.app:443:192.0.2.1", "vevox.app", 443, "192.0.2.1:443"),
        ("vevox.app:443:192.0.2.1:8443", "vevox.app", 443, "192.0.2.1:8443"),
        ("VEVOX.app.:443:192.0.2.1", "vevox.app", 443, "192.0.2.1:443"),
        ("vevox.app:443:192.0.2.1", "vevox.app", 80, None),
        ("vevox.app:443:192.0.2.1", "a.vevox.app", 443, None),
        ("*.vevox.app:443:192.0.2.1", "a.b.vevox.app", 443, "192.0.2.1:443"),
        ("*.vevox.app:443:192.0.2.1", "vevox.app", 443, None),
        ("*.vevox.app:443:192.0.2.1", "evilvevox.app", 443, None),
        ("vevox.app:*:192.0.2.1", "vevox.app", 8080, "192.0.2.1:8080"),
        ("vevox.app:*:192.0.2.1:8443", "vevox.app", 8080, "192.0.2.1:8443"),
        ("vevox.app:443:[2001:db8::1]:8443", "vevox.app", 443, "2001:db8::1:8443"),
    ],
)
def test_resolve_sends_a_name_elsewhere(text: str, host: str, port: int, leads_to: str | None) -> None:
    assert _leads(host, port, text) == leads_to


def test_an_address_can_be_sent_elsewhere_too() -> None:
    destinations = Destinations((parse_redirect("192.0.2.7:3478:127.0.0.1:3479"),))

    assert destinations.redirect(ip_address("192.0.2.7"), 3478) == Destination(
        (ip_address("127.0.0.1"),), 3479, redirected=True
    )


def test_an_exact_name_goes_before_a_wildcard_and_the_longest_wildcard_first() -> None:
    resolve = ("*.example:443:192.0.2.1", "*.a.example:443:192.0.2.2", "x.a.example:443:192.0.2.3")

    assert _leads("x.a.example", 443, *resolve) == "192.0.2.3:443"
    assert _leads("y.a.example", 443, *resolve) == "192.0.2.2:443"
    assert _leads("y.example", 443, *resolve) == "192.0.2.1:443"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vevox.app",
        "vevox.app:443",
        "vevox.app:443:localhost",
        "vevox.app:0:192.0.2.1",
        "vevox.app:443:192.0.2.1:70000",
        "vevox.app:x:192.0.2.1",
        "*:443:192.0.2.1",
        "a..b:443:192.0.2.1",
    ],
)
def test_a_resolve_that_cannot_be_read_is_said_with_an_example(text: str) -> None:
    with pytest.raises(InvalidResolve, match=r"expected HOST:PORT:ADDRESS\[:PORT\], e\.g\.") as wrong:
        parse_redirect(text)

    assert repr(text) in str(wrong.value)


def test_a_literal_needs_no_resolver() -> None:
    there = ip_address("192.0.2.1")

    assert run(lambda: Destinations().find(there, 443)) == Destination((there,), 443)


def test_a_name_is_resolved_to_all_its_addresses_each_once() -> None:
    found = run(lambda: Destinations().find("localhost", 443))

    assert ip_address("127.0.0.1") in found.addresses
    assert len(set(found.addresses)) == len(found.addresses)


@pytest.mark.parametrize(
    ("listening", "address", "port", "ours"),
    [
        ("127.0.0.1", "127.0.0.1", 8080, True),
        ("127.0.0.1", "127.0.0.1", 8081, False),
        ("127.0.0.1", "127.0.0.2", 8080, False),
        ("127.0.0.1", "0.0.0.0", 8080, True),
        ("0.0.0.0", "127.0.0.1", 8080, True),
        ("0.0.0.0", "127.1.2.3", 8080, True),
        ("0.0.0.0", "192.0.2.1", 8080, False),
        ("::", "::1", 8080, True),
    ],
)
def test_dialling_itself_is_recognised(listening: str, address: str, port: int, ours: bool) -> None:
    destinations = Destinations()
    destinations.listen([(listening, 8080)])

    assert destinations.is_self(ip_address(address), port) is ours


def test_a_learned_name_holds_for_its_time_to_live() -> None:
    destinations, there = Destinations(), ip_address("192.0.2.1")

    destinations.learn(there, "vevox.app", 600)

    assert destinations.name_of(there) == "vevox.app"


def test_a_learned_name_expires() -> None:
    destinations, there = Destinations(), ip_address("192.0.2.1")

    destinations.learn(there, "vevox.app", 0)

    assert destinations.name_of(there) is None


def test_what_a_name_led_to_is_used_again_for_a_moment_on_any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Destinations()

    assert names.lately("localhost", 80) is None

    found = run(lambda: names.find("localhost", 443))

    assert names.lately("localhost", 80) == Destination(found.addresses, 80)

    monkeypatch.setattr(destinations, "_FOUND_S", 0.0)

    assert names.lately("localhost", 80) is None


def test_many_who_ask_for_one_name_at_once_have_it_looked_up_once() -> None:
    async def scene() -> tuple[int, int]:
        loop, names, asked = asyncio.get_running_loop(), Destinations(), 0
        answers = asyncio.Event()

        async def answer(host: str, port: int | None, **_: object) -> list[object]:
            nonlocal asked
            asked += 1
            await answers.wait()
            return [(None, None, None, "", ("192.0.2.1", 0))]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(loop), "getaddrinfo", lambda _, *about, **how: answer(*about, **how), raising=False)
            gives_up, *others = (asyncio.create_task(names.find("vevox.app", port)) for port in (443, 80, 8443))
            await asyncio.sleep(0)
            gives_up.cancel()
            answers.set()
            found = await asyncio.gather(*others)
        return asked, sum(each.addresses == (ip_address("192.0.2.1"),) for each in found)

    assert asyncio.run(scene()) == (1, 2)
