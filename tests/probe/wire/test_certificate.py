"""Who issued a certificate, from its octets; hostile ones are no crash."""

import contextlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from tierwall.probe.wire.certificate import names_of
from tierwall.standins.certificates import CA_NAME, Authority


def test_issuer_and_subject_are_read(tmp_path: Path) -> None:
    leaf, *_ = x509.load_pem_x509_certificates(Authority(tmp_path).leaf(["meet.example"]).read_bytes())

    assert names_of(leaf.public_bytes(Encoding.DER)) == (CA_NAME, "tierwall demo origin")


@given(st.binary(max_size=200))
def test_whatever_it_is_given_it_says_so(octets: bytes) -> None:
    with contextlib.suppress(ValueError, IndexError, StopIteration):
        names_of(octets)
