"""The STUN codec against the RFC's own vectors, and against nonsense."""

import pytest

from tierwall.standins.stun import binding_answer, binding_request, mapped_address

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")


@pytest.mark.parametrize(
    ("client", "attribute"),
    [
        pytest.param(("192.0.2.1", 32853), "002000080001a147e112a643", id="RFC 5769 section 2.2"),
        pytest.param(
            ("2001:db8:1234:5678:11:2233:4455:6677", 32853),
            "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
            id="RFC 5769 section 2.3",
        ),
    ],
)
def test_an_address_is_masked_as_the_rfc_says_and_read_back(client: tuple[str, int], attribute: str) -> None:
    answer = binding_answer(binding_request(TRANSACTION), client)

    assert answer is not None
    assert answer[20:].hex() == attribute
    assert mapped_address(answer, TRANSACTION) == client


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="empty"),
        pytest.param(binding_request(TRANSACTION)[:-1], id="cut"),
        pytest.param(b"\x00\x03" + binding_request(TRANSACTION)[2:], id="another method"),
        pytest.param(binding_request(TRANSACTION).replace(b"\x21\x12", b"\x00\x00"), id="another cookie"),
        pytest.param(binding_request(TRANSACTION) + b"more", id="a length that is not its own"),
    ],
)
def test_what_is_no_binding_request_is_not_answered(datagram: bytes) -> None:
    assert binding_answer(datagram, ("192.0.2.1", 1)) is None


def test_an_answer_to_another_transaction_is_none() -> None:
    answer = binding_answer(binding_request(TRANSACTION), ("192.0.2.1", 1)) or b""

    assert mapped_address(answer, bytes(12)) is None
