"""Which names a certificate is compared with, and which not."""

import pytest

from tierwall.proxy.mitmproxy.certificate_names import is_verifiable


@pytest.mark.parametrize("name", ["8x8.vc", "_sip.8x8.vc", "a--b.8x8.vc", "xn--80ak6aa92e.com", "192.0.2.1", "::1"])
def test_with_names_and_addresses(name: str) -> None:
    assert is_verifiable(name)


@pytest.mark.parametrize("name", ["a-.8x8.vc", "-a.8x8.vc", "8x8.v-", "a" * 64 + ".vc", "*.8x8.vc", "a b", "a..vc"])
def test_and_with_nothing_that_openssl_takes_for_no_host(name: str) -> None:
    assert not is_verifiable(name)
