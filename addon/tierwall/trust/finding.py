"""Which trust stores this machine has, and whether each holds the lab CA.

Knows where distributions, browsers and Java keep them, and reads; refuses to write: stores.py says how that is done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.trust.certificate import Certificate, holds
from tierwall.trust.stores import (
    BY_HOOK,
    FILE,
    JAVA_PASSWORD,
    NICKNAME,
    UPDATES,
    Family,
    JavaStore,
    NssStore,
    Store,
    SystemStore,
    Upkeep,
)

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
        if (machine.root / UPDATES[family].folder.relative_to("/")).is_dir():
            trusted = _file_holds(machine.root / bundle, certificate)
            store = SystemStore(family=family, trusted=trusted)
            stale = not trusted and (machine.root / store.anchor.relative_to("/")).exists()
            yield replace(store, stale=stale)
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
            yield _database(certutil, NssStore(folder=folder, used_by=used_by, exists=exists), certificate)
    for place in _FIREFOX:
        for database in sorted((machine.home / place).glob("*/cert9.db")):
            yield _database(certutil, NssStore(folder=database.parent, used_by="Firefox"), certificate)


def _database(certutil: str | None, store: NssStore, certificate: Certificate) -> NssStore:
    """The same with what is in it. Rows of the listing are `nickname   C,,`, the nickname with spaces."""
    if certutil is None or not store.exists:
        return replace(store, certutil=certutil is not None)
    look = [certutil, "-L", "-d", f"sql:{store.folder}"]
    rows = [row.rstrip().rpartition(" ") for row in _output(look).splitlines()]
    trusted = [name.rstrip() for name, _, trust in rows if trust.count(",") == 2 and trust.startswith("C")]
    for name in trusted:
        if holds(_output([*look, "-n", name, "-a"]).encode(), certificate):
            return replace(store, nickname=name)
    return replace(store, stale=NICKNAME in trusted)


def _java(machine: Machine, certificate: Certificate) -> Iterator[Store]:
    if (keytool := _program("keytool", machine)) is None:
        return
    program = Path(keytool).resolve()
    keystore = (program.parent.parent / "lib/security/cacerts").resolve()
    if keystore.is_file():
        store = JavaStore(keystore=keystore, keytool=program, upkeep=_upkeep(keystore))
        yield _key_store(store, certificate)


def _upkeep(keystore: Path) -> Upkeep:
    if keystore.is_relative_to("/etc/ssl/certs/java"):
        return Upkeep.HOOK
    made_anew = any(keystore.is_relative_to(folder) for folder in _MADE_BY_THE_SYSTEM)
    return Upkeep.SYSTEM if made_anew else Upkeep.ITSELF


def _key_store(store: JavaStore, certificate: Certificate) -> JavaStore:
    """The same with what is in it: keytool prints `Alias name: …` before each certificate."""
    where = ["-keystore", str(store.keystore), "-storepass", JAVA_PASSWORD]
    listed = _output([str(store.keytool), "-J-Duser.language=en", "-list", "-rfc", *where])
    entries = {entry.partition("\n")[0].strip(): entry.encode() for entry in listed.split("Alias name: ")[1:]}
    alias = next((name for name, entry in entries.items() if holds(entry, certificate)), None)
    return replace(store, alias=alias, stale=alias is None and not entries.keys().isdisjoint({FILE, BY_HOOK}))


def _program(name: str, machine: Machine) -> str | None:
    return programs.find(name, machine.environment.get("PATH", ""))


def _output(command: list[str]) -> str:
    """What it prints; nothing where it fails, as it does for a database with a password."""
    return programs.output(command, _LIMIT_S)
