"""`tierwall fleet certificates`: a folder with an authority, the control plane's certificate and one for each node.

Knows files; the certificates are fleet/certificates.py's.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk
from tierwall.fleet.certificates import CONTROL_PLANE, NoAuthority, Pair, authority, signed
from tierwall.loader.faults import quoted, shown_path

_NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")


def certificates(folder: Path, nodes: tuple[str, ...]) -> int:
    """Make what is not there yet: the authority and the control plane's stay, nodes get new ones. Raises BadInput."""
    wrong = [node for node in nodes if not _NODE.fullmatch(node)]
    if wrong:
        raise BadInput(f"{quoted(node)}: a node's id has letters, digits, `-` and `.` alone" for node in wrong)
    now = datetime.now(UTC)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ca = _known(folder / "ca") or _written(folder / "ca", authority(now))
        if _known(folder / "control-plane") is None:
            _written(folder / "control-plane", signed(ca, CONTROL_PLANE, now))
        for node in nodes:
            (folder / node).mkdir(exist_ok=True)
            _written(folder / node / "envoy", signed(ca, node, now))
            (folder / node / "ca.crt").write_bytes(ca.certificate)
            talk().print(
                f"{shown_path(folder / node)}: for node {node}; it is envoy.json's folder `tls`", soft_wrap=True
            )
    except OSError as cause:
        raise BadInput([f"{cause.filename}: cannot be written: {cause.strerror}"]) from None
    except NoAuthority as wrong:
        raise BadInput([f"{shown_path(folder / 'ca.crt')}: {wrong}"]) from None
    return 0


def _known(stem: Path) -> Pair | None:
    certificate, key = stem.with_name(f"{stem.name}.crt"), stem.with_name(f"{stem.name}.key")
    return Pair(certificate.read_bytes(), key.read_bytes()) if certificate.is_file() and key.is_file() else None


def _written(stem: Path, pair: Pair) -> Pair:
    stem.with_name(f"{stem.name}.crt").write_bytes(pair.certificate)
    path = stem.with_name(f"{stem.name}.key")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pair.key)
    return pair
