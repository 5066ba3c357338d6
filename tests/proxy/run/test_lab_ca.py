"""The lab CA is made once, for its owner alone, with a name by which people tell it from others."""

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from tierwall.proxy.run.lab_ca import make_lab_ca


def test_it_is_made_on_first_use_and_then_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ca"

    assert make_lab_ca(folder)
    made = (folder / "mitmproxy-ca.pem").read_bytes()
    assert not make_lab_ca(folder)
    assert (folder / "mitmproxy-ca.pem").read_bytes() == made


def test_its_folder_and_its_key_are_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    make_lab_ca(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "mitmproxy-ca.pem").stat().st_mode & 0o077 == 0


def test_it_says_whose_it_is_in_as_many_characters_as_a_name_may_have(tmp_path: Path) -> None:
    make_lab_ca(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "mitmproxy-ca-cert.pem").read_bytes())
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    assert str(name.value).startswith("tierwall lab CA (")
    assert len(name.value) <= 64
