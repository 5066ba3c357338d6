"""What every Squid of ours wants: what is the same in each configuration, the list in its spelling, a certificate, and
files that its user may write."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ALWAYS: Final = """\
hosts_file {folder}/hosts
cache_log {folder}/cache.log
cache_store_log none
cache deny all
cache_mem 8 MB
netdb_filename none
pinger_enable off
pid_filename none
coredump_dir {folder}
max_filedescriptors {descriptors}
shutdown_lifetime 0 seconds
visible_hostname squid.example
"""


def always(folder: Path, descriptors: int) -> str:
    """Settings of one that caches nothing, asks nobody and keeps its files in the folder, with the names in `hosts`."""
    return _ALWAYS.format(folder=folder, descriptors=descriptors)


def dstdomain(hosts: Sequence[str]) -> list[str]:
    """The list in Squid's spelling. `.x` covers x too; what a wider entry covers already is a duplicate for Squid."""
    wide = {host.removeprefix("*") for host in hosts if host.startswith("*.")}
    spelled = dict.fromkeys(host.removeprefix("*") for host in hosts)
    return [host for host in spelled if not any(host != each and f".{host}".endswith(each) for each in wide)]


def write_certificate(path: Path) -> None:
    """Squid wants one beside `ssl-bump`, though nothing that is spliced is signed with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tierwall bench")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)


def open_to_squid(folder: Path) -> None:
    """Started by root, Squid becomes the user `proxy` (or what it was built for), who must write its logs here."""
    for user in ("proxy", "squid", "nobody"):
        try:
            shutil.chown(folder, user)
            for path in folder.iterdir():
                shutil.chown(path, user)
        except LookupError:
            continue
        except PermissionError:
            return  # not root: Squid stays who we are
        return
