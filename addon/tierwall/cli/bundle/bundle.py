"""`tierwall bundle`: folders of sites, policies and lists -> a signed archive; and what is in one.

Knows files and keys. What an archive is, is the package bundle's.
"""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tierwall.bundle.archive import Bundle, InvalidBundle, build, verify
from tierwall.bundle.fetching import CannotFetch, fetch
from tierwall.bundle.keys import InvalidKey, private_key, public_key
from tierwall.bundle.taking_up import NotTakenUp, try_out
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    folder: Path
    key: Path
    output: Path
    revision: int | None


def build_bundle(wanted: Wanted) -> int:
    """Write the archive. Raises BadInput with every fault of the files in it."""
    faults: list[object] = []
    try:
        key = private_key(_read(wanted.key))
    except InvalidKey as fault:
        faults.append(f"{wanted.key}: {fault}")
    try:
        try_out(wanted.folder)
    except NotTakenUp as fault:
        faults.append(fault)
    files = _files(wanted.folder, faults)
    if faults:
        raise BadInput(faults)
    revision = int(time.time()) if wanted.revision is None else wanted.revision
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        archive = build(Bundle(revision, created, files), key)
    except InvalidBundle as fault:
        raise BadInput([f"{wanted.folder}: {fault}"]) from None
    beside = wanted.output.with_name(f"{wanted.output.name}.{os.getpid()}")
    try:
        beside.write_bytes(archive)
        beside.replace(wanted.output)
    except OSError as fault:
        raise BadInput([f"{wanted.output}: {fault.strerror}"]) from None
    talk().print(f"{wanted.output}: revision {revision}, {len(files)} files, {len(archive)} octets", soft_wrap=True)
    return 0


def verify_bundle(address: str, key_file: Path, *, as_json: bool) -> int:
    """Say what is in it. Raises BadInput where it is not to be used."""
    try:
        fetched = fetch(address, None)
        assert fetched is not None, "nothing was known"  # noqa: S101
        bundle = verify(fetched.archive, public_key(_read(key_file)))
    except InvalidKey as fault:
        raise BadInput([f"{key_file}: {fault}"]) from None
    except (CannotFetch, InvalidBundle) as fault:
        raise BadInput([f"{address}: {fault}"]) from None
    if as_json:
        write(
            json.dumps(
                {"revision": bundle.revision, "created": bundle.created, "files": sorted(bundle.files)}, indent=2
            )
        )
        return 0
    console = report()
    console.print(f"revision {bundle.revision}, built {bundle.created}, signed by this key")
    for path in sorted(bundle.files):
        console.print(f"  {path}", soft_wrap=True)
    return 0


def _files(folder: Path, faults: list[object]) -> dict[str, bytes]:
    """All of them but hidden ones: what a version control system keeps there is not for gateways."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts) or path.is_dir():
            continue
        if not path.is_file():
            faults.append(f"{path}: is no regular file")
            continue
        found[inside.as_posix()] = _read(path)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise BadInput([f"{path}: {fault.strerror}"]) from None
