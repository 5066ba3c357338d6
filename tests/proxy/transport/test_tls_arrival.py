"""What is said of a handshake with the proxy itself that came to nothing; test_listen_tls.py has the handshakes."""

import ssl

import pytest

from tierwall.proxy.transport.tls_arrival import why_failed


def of_openssl(reason: str) -> ssl.SSLError:
    failure = ssl.SSLError(1, reason)
    failure.reason = reason
    return failure


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (of_openssl("TLSV1_ALERT_UNKNOWN_CA"), "it must trust the lab CA"),
        (of_openssl("SSLV3_ALERT_BAD_CERTIFICATE"), "it must trust the lab CA"),
        (of_openssl("SSLV3_ALERT_CERTIFICATE_UNKNOWN"), "it must trust the lab CA"),
        (of_openssl("HTTP_REQUEST"), "it must name the proxy as https://"),
        (of_openssl("HTTPS_PROXY_REQUEST"), "it must name the proxy as https://"),
        (of_openssl("NO_SHARED_CIPHER"), "failed: no shared cipher"),
        (ConnectionAbortedError("SSL handshake is taking longer than 10.0 seconds"), "within 10 s"),
    ],
)
def test_it_says_what_the_client_has_to_do_otherwise(failure: OSError, says: str) -> None:
    why = why_failed(failure)

    assert why is not None
    assert why.endswith(says) or says in why


def test_of_who_left_without_a_word_there_is_nothing_to_say() -> None:
    assert why_failed(ConnectionResetError()) is None
