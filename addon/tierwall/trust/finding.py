"""Which trust stores this machine has, and whether each holds the lab CA.

Knows where distributions, browsers and Java keep them, and reads; refuses to write: stores.py says how that is done.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.trust.certificate import Certificate, holds
from tierwall.trust.stores import JAVA_PASSWORD, UPDATES, Family, JavaStore, NssStore, Store, SystemStore, Upkeep

BUNDLES: Final[Mapping[Family, str]] = {
    Family.RED_HAT: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    Family.SUSE: "var/lib/ca-certificates/ca-bundle.pem",
    Family.ARCH: "etc/ca-certificates/extracted/tls-ca-bundle.pem",
    Family.DEBIAN: "etc/ssl/certs/ca-certificates.crt",
}
"""What each update writes, the most telling first: Red Hat and SUSE have /etc/ssl/certs too."""

_FIREFOX: Final = (
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
)
_CHROMIUM: Final = {"Chromium, Chrome, Edge": ".pki/nssdb", "Chromium (snap)": "snap/chromium/current/.pki/nssdb"}
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_LIMIT_S: Final = 20.0
"""For certutil and keytool, which wait for a password that is not asked for here."""
_MADE_BY_THE_SYSTEM: Final = ("/etc/pki", "/var/lib/ca-certificates", "/etc/ca-certificates")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look: `/` and the user's home, or folders made to look like them."""

    root: Path
    home: Path
    environment: Mapping[str, str]


def find_stores(machine: Machine, certificate: Certificate) -> tuple[Store, ...]:
    """All of them, the system's first."""
    return (*_system(machine, certificate), *_nss(machine, certificate), *_java(machine, certificate))


def _system(machine: Machine, certificate: Certificate) -> Iterator[Store]:
    for family, bundle in BUNDLES.items():
        anchors = machine.root / UPDATES[family].folder.relative_to("/")
        if anchors.is_dir():
            yield SystemStore(family=family, trusted=_file_holds(machine.root / bundle, certificate))
            return


def _file_holds(bundle: Path, certificate: Certificate) -> bool:
    try:
        return holds(bundle.read_bytes(), certificate)
    except OSError:
        return False


def _nss(machine: Machine, certificate: Certificate) -> Iterator[Store]:
    certutil = _program("certutil", machine)
    has_browser = any(_program(browser, machine) for browser in _BROWSERS)
    for used_by, place in _CHROMIUM.items():
        folder = machine.home / place
        exists = (folder / "cert9.db").is_file()
        if exists or (has_browser and place == _CHROMIUM["Chromium, Chrome, Edge"]):
            name = _nickname(certutil, folder, certificate) if certutil and exists else None
            yield NssStore(folder=folder, used_by=used_by, exists=exists, nickname=name, certutil=certutil is not None)
    for place in _FIREFOX:
        for database in sorted((machine.home / place).glob("*/cert9.db")):
            name = _nickname(certutil, database.parent, certificate) if certutil else None
            yield NssStore(folder=database.parent, used_by="Firefox", nickname=name, certutil=certutil is not None)


def _nickname(certutil: str, folder: Path, certificate: Certificate) -> str | None:
    """What the database calls the certificate. Rows of the listing are `nickname   C,,`, the nickname with spaces."""
    listed = _output([certutil, "-L", "-d", f"sql:{folder}"])
    for row in listed.splitlines():
        name, _, trust = row.rstrip().rpartition(" ")
        if trust.count(",") == 2 and trust.startswith("C"):
            pem = _output([certutil, "-L", "-d", f"sql:{folder}", "-n", name.rstrip(), "-a"])
            if holds(pem.encode(), certificate):
                return name.rstrip()
    return None


def _java(machine: Machine, certificate: Certificate) -> Iterator[Store]:
    if (keytool := _program("keytool", machine)) is None:
        return
    program = Path(keytool).resolve()
    keystore = (program.parent.parent / "lib/security/cacerts").resolve()
    if keystore.is_file():
        alias = _alias(keytool, keystore, certificate)
        yield JavaStore(keystore=keystore, keytool=program, upkeep=_upkeep(keystore), alias=alias)


def _upkeep(keystore: Path) -> Upkeep:
    if keystore.is_relative_to("/etc/ssl/certs/java"):
        return Upkeep.HOOK
    made_anew = any(keystore.is_relative_to(folder) for folder in _MADE_BY_THE_SYSTEM)
    return Upkeep.SYSTEM if made_anew else Upkeep.ITSELF


def _alias(keytool: str, keystore: Path, certificate: Certificate) -> str | None:
    """What the key store calls the certificate: keytool prints `Alias name: …` before each."""
    listed = _output(
        [keytool, "-J-Duser.language=en", "-list", "-rfc", "-keystore", str(keystore), "-storepass", JAVA_PASSWORD]
    )
    for entry in listed.split("Alias name: ")[1:]:
        if holds(entry.encode(), certificate):
            return entry.partition("\n")[0].strip()
    return None


def _program(name: str, machine: Machine) -> str | None:
    return shutil.which(name, path=machine.environment.get("PATH"))


def _output(command: list[str]) -> str:
    """What it prints; nothing where it fails, as it does for a database with a password."""
    try:
        ended = subprocess.run(  # noqa: S603  # programs found on PATH, without a shell
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout if ended.returncode == 0 else ""
