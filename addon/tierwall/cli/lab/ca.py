"""`tierwall ca`: the lab CA shown, exported, and put into this machine's trust stores.

Knows how people and programs read it, and runs what trust/stores.py says. Where there is none
yet, proxy/run/lab_ca.py makes it.
"""

import json
import os
import shlex
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.text import Text

from tierwall import programs
from tierwall.cli import output
from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder
from tierwall.trust.certificate import CERTIFICATE, KEYS, Certificate, Form, Unreadable, read_certificate
from tierwall.trust.finding import Machine, find_stores
from tierwall.trust.stores import Command, Store, adding, removing, title, why_not

_WIDTH: Final = len("certificate") + 2
_WITHOUT_STORE: Final = (
    "not done, for want of a store: Node, Python's requests, containers, other devices; see certs/README.md"
)


def lab_ca() -> Certificate:
    """The lab CA's certificate; one is made where there is none, and that is said. Raises BadInput."""
    folder = state_folder() / "ca"
    try:
        if not (folder / KEYS[0]).exists():
            from tierwall.proxy.run.lab_ca import make_lab_ca  # noqa: PLC0415 - 0.2 s that are needed once

            make_lab_ca(folder)
            output.talk().print(f"a new lab CA was made in {folder}", soft_wrap=True)
        return read_certificate(folder / CERTIFICATE)
    except Unreadable as fault:
        raise BadInput([fault]) from None
    except OSError as fault:
        raise BadInput([f"the lab CA cannot be made in {folder}: {fault.strerror}"]) from None


def print_json(certificate: Certificate) -> int:
    """For programs. Status 0."""
    shown = {
        "subject": certificate.subject,
        "sha256": certificate.fingerprint,
        "not_before": certificate.begins.isoformat(),
        "not_after": certificate.ends.isoformat(),
        "certificate": str(certificate.path),
        "key": str(certificate.path.with_name(KEYS[0])),
        "stores": [
            {"store": title(store), "trusted": None if why_not(store) else store.trusted}
            for store in _stores(certificate)
        ],
    }
    output.write(json.dumps(shown, indent=2))
    return 0


def print_text(certificate: Certificate) -> int:
    """For people. Status 0."""
    rows = [
        ("lab CA", certificate.subject),
        ("sha-256", certificate.fingerprint),
        ("valid", f"{certificate.begins:%Y-%m-%d} to {certificate.ends:%Y-%m-%d}"),
        ("certificate", str(certificate.path)),
        *(("private key", _key(certificate.path.with_name(name))) for name in KEYS),
        *(("trusted in" if store.trusted else "not in", _with_why_not(store)) for store in _stores(certificate)),
    ]
    for what, value in rows:
        output.report().print(Text.assemble((f"{what:<{_WIDTH}}", "dim"), value), soft_wrap=True)
    return 0


def export(certificate: Certificate, form: str, file: Path | None) -> int:
    """Write it. Status 0. Raises BadInput."""
    octets = certificate.encoded(Form(form))
    if file is None:
        if Form(form) is not Form.PEM and sys.stdout.isatty():
            raise BadInput([f"--format {form} is not for a terminal: name a FILE, or redirect it"])
        sys.stdout.buffer.write(octets)
        return 0
    try:
        file.write_bytes(octets)
    except OSError as fault:
        raise BadInput([f"{file} cannot be written: {fault.strerror}"]) from None
    output.talk().print(Text(f"{file}: {certificate.subject}, sha-256 {certificate.fingerprint}"), soft_wrap=True)
    return 0


def print_plan(certificate: Certificate, *, remove: bool) -> int:
    """What `install` would do, and what undoes it. Status 0."""
    console = output.report()
    for store in _stores(certificate):
        console.print(Text(title(store), "bold"), soft_wrap=True)
        if (reason := why_not(store)) is not None:
            console.print(Text(f"  not done: {reason}"))
        doing = list(_commands(store, certificate, remove=remove))
        if not doing and reason is None:
            console.print(Text(_already(store, remove=remove)))
        for command in doing:
            console.print(Text(f"  {_spelled(command)}"), soft_wrap=True)
        if not remove and (undoing := list(removing(store))):
            console.print(Text("  to undo it:", "dim"))
            for command in undoing:
                console.print(Text(f"    {_spelled(command)}"), soft_wrap=True)
    if not remove:
        console.print(Text(_WITHOUT_STORE, "dim"), soft_wrap=True)
    return 0


def install(certificate: Certificate, *, remove: bool) -> int:
    """Do it, saying each command first. Status 1 where one failed: the others are still done."""
    talk = output.talk()
    failed = False
    for store in _stores(certificate):
        talk.print(Text(title(store), "bold"), soft_wrap=True)
        commands = list(_commands(store, certificate, remove=remove))
        if not commands:
            talk.print(Text(f"  not done: {why_not(store)}" if why_not(store) else _already(store, remove=remove)))
        done = _run(commands)
        failed = failed or not done
    if not remove:
        talk.print(Text(_WITHOUT_STORE, "dim"), soft_wrap=True)
    after = [store for store in _stores(certificate) if why_not(store) is None]
    wrong = [store for store in after if store.stale or store.trusted is remove]
    for store in wrong:
        talk.print(Text(f"{title(store)} {'still has' if remove else 'does not have'} the lab CA"), soft_wrap=True)
    talk.print("restart the browsers that are open" if not wrong else "not all was done")
    return 1 if failed or wrong else 0


def _commands(store: Store, certificate: Certificate, *, remove: bool) -> Iterable[Command]:
    if remove:
        return removing(store) if store.trusted or store.stale else ()
    return () if store.trusted else adding(store, certificate.path)


def _already(store: Store, *, remove: bool) -> str:
    if store.trusted is not remove:
        return "  does not have it" if remove else "  has it already"
    return "  follows the system store"


def _run(commands: Sequence[Command]) -> bool:
    """Each in turn, up to the first that fails; whether none did."""
    talk = output.talk()
    for command in commands:
        talk.print(Text(f"  {_spelled(command)}"), soft_wrap=True)
        try:
            status = programs.run_in_sight(_argv(command))
        except programs.CannotRun as fault:
            talk.print(Text(f"  {fault}"), soft_wrap=True)
            return False
        if status:
            talk.print(Text(f"  {command.argv[0]} ended with status {status}"))
            return False
    return True


def _spelled(command: Command) -> str:
    return shlex.join(_argv(command))


def _argv(command: Command) -> tuple[str, ...]:
    return ("sudo", *command.argv) if command.as_root and os.geteuid() != 0 else command.argv


def _with_why_not(store: Store) -> str:
    if (reason := why_not(store)) is not None:
        return f"{title(store)}: not known, {reason}"
    older = "  (an older lab CA is: tierwall ca install replaces it, --remove takes it out)" if store.stale else ""
    return f"{title(store)}{older}"


def _key(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return f"{path} (missing)"
    if mode & 0o077:
        return f"{path} (others can read it: chmod 600 it, or move the folder away for a new CA)"
    return f"{path} ({mode:04o}; belongs on no other machine)"


def _stores(certificate: Certificate) -> tuple[Store, ...]:
    home = Path(os.environ.get("HOME") or "/")
    return find_stores(Machine(root=Path("/"), home=home, environment=os.environ), certificate)
