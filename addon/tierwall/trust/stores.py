"""Kinds of trust stores, and the commands that put the lab CA into each or take it out again.

Knows what each system's documentation says of its store. Pure: which stores there are is finding.py's, and the commands
are run, or only printed, by the command line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final, assert_never

from tierwall.programs import not_installed

NICKNAME: Final = "tierwall lab CA"
"""In NSS databases."""
FILE: Final = "tierwall-lab-ca"
"""In folders of the system, and as the alias in Java's key stores."""
BY_HOOK: Final = f"debian:{FILE}.pem"
"""What Debian's hook calls it in Java's key store."""
JAVA_PASSWORD: Final = "changeit"  # noqa: S105  # that of every JDK's cacerts; it guards against accidents only


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments. `as_root`: it writes where only root may."""

    argv: tuple[str, ...]
    as_root: bool = False


class Family(StrEnum):
    """How a distribution keeps its system store."""

    DEBIAN = "Debian, Ubuntu, Alpine"
    RED_HAT = "Red Hat, Fedora"
    SUSE = "SUSE"
    ARCH = "Arch"


@dataclass(frozen=True, slots=True)
class Update:
    """Where a family's anchors are, and what reads them: update-ca-certificates(8), update-ca-trust(8), trust(1)."""

    folder: PurePosixPath
    suffix: str
    after_adding: tuple[str, ...]
    after_removing: tuple[str, ...]


UPDATES: Final = {
    Family.DEBIAN: Update(
        PurePosixPath("/usr/local/share/ca-certificates"),
        ".crt",
        ("update-ca-certificates",),
        # Without --fresh the link in /etc/ssl/certs stays where nothing else changed.
        ("update-ca-certificates", "--fresh"),
    ),
    Family.RED_HAT: Update(
        PurePosixPath("/etc/pki/ca-trust/source/anchors"),
        ".pem",
        ("update-ca-trust", "extract"),
        ("update-ca-trust", "extract"),
    ),
    Family.SUSE: Update(
        PurePosixPath("/etc/pki/trust/anchors"), ".pem", ("update-ca-certificates",), ("update-ca-certificates",)
    ),
    Family.ARCH: Update(
        PurePosixPath("/etc/ca-certificates/trust-source/anchors"),
        ".crt",
        ("trust", "extract-compat"),
        ("trust", "extract-compat"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStore:
    """What OpenSSL, curl, wget, Git and many others read."""

    family: Family
    trusted: bool
    stale: bool = False
    """Whether another lab CA is there under our name: one that was, before its folder was moved away."""

    @property
    def anchor(self) -> PurePosixPath:
        """The file that the lab CA is there."""
        update = UPDATES[self.family]
        return update.folder / f"{FILE}{update.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NssStore:
    """A database of Firefox or Chromium."""

    folder: Path
    used_by: str
    exists: bool = True
    nickname: str | None = None
    """What the lab CA is called in there, where it is."""
    stale: bool = False
    """Whether another lab CA is there under our name."""
    certutil: bool = True
    """Whether the program that reads and writes it is installed."""

    @property
    def trusted(self) -> bool:
        """Whether it holds the lab CA."""
        return self.nickname is not None


class Upkeep(StrEnum):
    """Who writes a JDK's key store."""

    ITSELF = "itself"
    """It came with the JDK."""
    SYSTEM = "system"
    """The system store's update makes it anew each time: Red Hat, SUSE, Arch."""
    HOOK = "hook"
    """A hook of Debian's adds to it what the system store gets, and leaves in it what that loses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaStore:
    """A JDK's `cacerts`."""

    keystore: Path
    keytool: Path
    upkeep: Upkeep
    alias: str | None = None
    """What the lab CA is called in there, where it is."""
    stale: bool = False
    """Whether another lab CA is there under our name."""

    @property
    def trusted(self) -> bool:
        """Whether it holds the lab CA."""
        return self.alias is not None


type Store = SystemStore | NssStore | JavaStore


def title(store: Store) -> str:
    """The store as people know it."""
    match store:
        case SystemStore():
            return f"system store ({store.family})"
        case NssStore():
            return f"{store.used_by}: {store.folder}"
        case JavaStore():
            return f"Java: {store.keystore}"
        case _:
            assert_never(store)


def why_not(store: Store) -> str | None:
    """What keeps us from that store, and the mend; None where nothing does."""
    if isinstance(store, NssStore) and not store.certutil:
        return not_installed("certutil")
    return None


def adding(store: Store, certificate: Path) -> Iterator[Command]:
    """What puts the certificate into the store, in the place of an older one of ours."""
    if store.stale and not (isinstance(store, JavaStore) and store.upkeep is Upkeep.HOOK):  # which replaces it itself
        yield from removing(store)
    match store:
        case SystemStore():
            yield Command(("install", "-m", "644", str(certificate), str(store.anchor)), as_root=True)
            yield Command(UPDATES[store.family].after_adding, as_root=True)
        case NssStore(certutil=True):
            database = f"sql:{store.folder}"
            if not store.exists:
                yield Command(("mkdir", "-p", "-m", "700", str(store.folder)))
                yield Command(("certutil", "-N", "-d", database, "--empty-password"))
            # `C,,`: trusted to sign servers' certificates, and nothing else.
            yield Command(("certutil", "-A", "-d", database, "-t", "C,,", "-n", NICKNAME, "-i", str(certificate)))
        case JavaStore(upkeep=Upkeep.ITSELF):
            yield _keytool(store, "-importcert", "-noprompt", "-alias", FILE, "-file", str(certificate))
        case _:
            return


def removing(store: Store) -> Iterator[Command]:
    """What takes it out again, whether or not it is in there now."""
    match store:
        case SystemStore():
            yield Command(("rm", "-f", str(store.anchor)), as_root=True)
            yield Command(UPDATES[store.family].after_removing, as_root=True)
        case NssStore(certutil=True):
            yield Command(("certutil", "-D", "-d", f"sql:{store.folder}", "-n", store.nickname or NICKNAME))
        case JavaStore(upkeep=Upkeep.ITSELF):
            yield _keytool(store, "-delete", "-alias", store.alias or FILE)
        case JavaStore(upkeep=Upkeep.HOOK):
            yield _keytool(store, "-delete", "-alias", store.alias or BY_HOOK)
        case _:
            return


def _keytool(store: JavaStore, *what: str) -> Command:
    where = ("-keystore", str(store.keystore), "-storepass", JAVA_PASSWORD)
    return Command((str(store.keytool), what[0], *where, *what[1:]), as_root=True)
