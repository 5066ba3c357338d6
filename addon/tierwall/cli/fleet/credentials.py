"""The certificates that a server for Envoys shows and asks for, from the folder of `tierwall fleet certificates`.

Knows files. What stands in a certificate is fleet/certificates.py's.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierwall.cli.faults import BadInput
from tierwall.fleet.certificates import ends
from tierwall.loader.faults import shown_path

if TYPE_CHECKING:
    import grpc

SERVER: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
)
"""One server a port; Envoy's pings, every 10 s, are no abuse."""


def credentials(folder: Path) -> "grpc.ServerCredentials":
    """Clients without a certificate of the folder's authority are turned away. Raises BadInput."""
    try:
        import grpc  # noqa: PLC0415 - an extra
    except ImportError:
        raise BadInput(["Envoys are spoken to over gRPC: pip install 'tierwall[fleet]'"]) from None
    faults: list[object] = []
    found = {name: _read(folder / name, faults) for name in ("control-plane.key", "control-plane.crt", "ca.crt")}
    for name in ("control-plane.crt", "ca.crt"):
        _check_end(folder / name, found[name], faults)
    if faults:
        raise BadInput(faults)
    pair = (found["control-plane.key"], found["control-plane.crt"])
    return grpc.ssl_server_credentials([pair], found["ca.crt"], require_client_auth=True)


def _read(path: Path, faults: list[object]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        faults.append(f"{shown_path(path)}: cannot be read: {cause.strerror}; `tierwall fleet certificates` makes it")
        return b""


def _check_end(path: Path, octets: bytes, faults: list[object]) -> None:
    if not octets:
        return
    try:
        last = ends(octets)
    except ValueError:
        faults.append(f"{shown_path(path)}: is no certificate")
        return
    if last <= datetime.now(UTC):
        faults.append(f"{shown_path(path)}: expired on {last:%Y-%m-%d}: remove it, and `tierwall fleet certificates`")
