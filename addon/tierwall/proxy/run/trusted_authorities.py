"""Whom inspected connections believe on the server's side: the public authorities, and those of `--trust`.

Knows files of certificates. Clients' side of an inspected connection is the lab CA's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tierwall.proxy.run.settings import CannotStart


@contextmanager
def believed(trust: Path | None) -> Iterator[str | None]:
    """The one file that OpenSSL takes, while the block runs; None leaves it to mitmproxy. Raises CannotStart."""
    if trust is None:
        yield None
        return
    try:
        own = x509.load_pem_x509_certificates(trust.read_bytes())
    except OSError as fault:
        raise CannotStart(f"--trust {trust}: {fault.strerror}") from None
    except ValueError:
        what = "holds no certificate in PEM (-----BEGIN CERTIFICATE-----), or one that cannot be read"
        raise CannotStart(f"--trust {trust}: {what}") from None
    with NamedTemporaryFile(prefix="tierwall-authorities-", suffix=".pem") as file:
        file.write(Path(certifi.where()).read_bytes())
        file.writelines(each.public_bytes(Encoding.PEM) for each in own)
        file.flush()
        yield file.name
