"""The certificate as people compare it, and its forms as OpenSSL reads them."""

import subprocess
from pathlib import Path

import pytest

from tests.support.needs import needs
from tests.trust.certificates import some_certificate
from tierwall.trust.certificate import Certificate, Form, Unreadable, holds, read_certificate


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return some_certificate(tmp_path)


def openssl(*arguments: str, given: bytes) -> str:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout.decode()


@needs("openssl")
def test_the_fingerprint_is_the_one_that_openssl_prints(certificate: Certificate) -> None:
    said = openssl("x509", "-noout", "-fingerprint", "-sha256", given=certificate.path.read_bytes())

    assert said.strip().rpartition("=")[2] == certificate.fingerprint


@needs("openssl")
@pytest.mark.parametrize(
    ("form", "how"),
    [
        (Form.PEM, ("x509", "-inform", "PEM")),
        (Form.DER, ("x509", "-inform", "DER")),
        (Form.P12, ("pkcs12", "-passin", "pass:", "-nokeys")),
    ],
)
def test_openssl_reads_the_same_certificate_in_every_form(
    certificate: Certificate, form: Form, how: tuple[str, ...]
) -> None:
    assert holds(openssl(*how, given=certificate.encoded(form)).encode(), certificate)


@needs("openssl")
@pytest.mark.parametrize("form", Form)
def test_no_form_has_the_key(certificate: Certificate, form: Form) -> None:
    encoded = certificate.encoded(form)
    if form is Form.P12:
        encoded = openssl("pkcs12", "-passin", "pass:", "-nodes", given=encoded).encode()

    assert b"PRIVATE KEY" not in encoded


def test_a_bundle_of_others_does_not_hold_it(certificate: Certificate, tmp_path: Path) -> None:
    another = some_certificate(tmp_path / "another")
    bundle = another.encoded(Form.PEM) * 2

    assert not holds(bundle, certificate)
    assert holds(bundle + certificate.encoded(Form.PEM), certificate)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)

    with pytest.raises(Unreadable, match=r"ca\.pem (cannot be read|holds no certificate)"):
        read_certificate(tmp_path / "ca.pem")
