"""The name and password of a SOCKS5 client (RFC 1929), however its octets are split."""

import pytest

from tierwall.opening import Malformed, NeedMore, Socks5Login, read_socks5_login

LOGIN = b"\x01\x04anna\x06s3cret"


def test_it_is_what_basic_credentials_would_be() -> None:
    assert read_socks5_login(LOGIN + b"\x05\x01") == Socks5Login(login=b"anna:s3cret", consumed=len(LOGIN))
    assert read_socks5_login(b"\x01\x00\x00") == Socks5Login(login=b":", consumed=3)


@pytest.mark.parametrize("count", range(len(LOGIN)))
def test_no_sooner_than_it_says_is_there_an_answer(count: int) -> None:
    wants = read_socks5_login(LOGIN[:count])

    assert isinstance(wants, NeedMore)
    assert count < wants.octets <= len(LOGIN)


@pytest.mark.parametrize("octets", [b"\x05\x01\x00", b"\x00", b"GET "])
def test_another_version_makes_no_sense(octets: bytes) -> None:
    assert isinstance(read_socks5_login(octets), Malformed)


def test_what_is_printed_of_it_has_no_password() -> None:
    assert "s3cret" not in repr(read_socks5_login(LOGIN))
