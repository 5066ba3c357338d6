"""The commands for each store, word for word: they are what `--dry-run` prints and what `install` runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from tierwall.trust.stores import Family, JavaStore, NssStore, Store, SystemStore, Upkeep, adding, removing, why_not

CERTIFICATE = Path("/ca.pem")
NSS = Path("/home/ann/.pki/nssdb")


def java(upkeep: Upkeep, alias: str | None = None) -> JavaStore:
    return JavaStore(keystore=Path("/jdk/cacerts"), keytool=Path("/jdk/keytool"), upkeep=upkeep, alias=alias)


def nss(*, exists: bool = True, nickname: str | None = None) -> NssStore:
    return NssStore(folder=NSS, used_by="Chromium", exists=exists, nickname=nickname)


@pytest.mark.parametrize(
    ("store", "added", "removed"),
    [
        pytest.param(
            SystemStore(family=Family.DEBIAN, trusted=False),
            [
                "install -m 644 /ca.pem /usr/local/share/ca-certificates/tierwall-lab-ca.crt",
                "update-ca-certificates",
            ],
            ["rm -f /usr/local/share/ca-certificates/tierwall-lab-ca.crt", "update-ca-certificates --fresh"],
            id="debian",
        ),
        pytest.param(
            SystemStore(family=Family.RED_HAT, trusted=False),
            [
                "install -m 644 /ca.pem /etc/pki/ca-trust/source/anchors/tierwall-lab-ca.pem",
                "update-ca-trust extract",
            ],
            ["rm -f /etc/pki/ca-trust/source/anchors/tierwall-lab-ca.pem", "update-ca-trust extract"],
            id="red hat",
        ),
        pytest.param(
            SystemStore(family=Family.SUSE, trusted=False),
            ["install -m 644 /ca.pem /etc/pki/trust/anchors/tierwall-lab-ca.pem", "update-ca-certificates"],
            ["rm -f /etc/pki/trust/anchors/tierwall-lab-ca.pem", "update-ca-certificates"],
            id="suse",
        ),
        pytest.param(
            SystemStore(family=Family.ARCH, trusted=False),
            [
                "install -m 644 /ca.pem /etc/ca-certificates/trust-source/anchors/tierwall-lab-ca.crt",
                "trust extract-compat",
            ],
            ["rm -f /etc/ca-certificates/trust-source/anchors/tierwall-lab-ca.crt", "trust extract-compat"],
            id="arch",
        ),
        pytest.param(
            nss(),
            [f"certutil -A -d sql:{NSS} -t C,, -n tierwall lab CA -i /ca.pem"],
            [f"certutil -D -d sql:{NSS} -n tierwall lab CA"],
            id="nss",
        ),
        pytest.param(
            nss(exists=False),
            [
                f"mkdir -p -m 700 {NSS}",
                f"certutil -N -d sql:{NSS} --empty-password",
                f"certutil -A -d sql:{NSS} -t C,, -n tierwall lab CA -i /ca.pem",
            ],
            [f"certutil -D -d sql:{NSS} -n tierwall lab CA"],
            id="nss, none yet",
        ),
        pytest.param(
            java(Upkeep.ITSELF),
            [
                (
                    "/jdk/keytool -importcert -keystore /jdk/cacerts -storepass changeit -noprompt "
                    "-alias tierwall-lab-ca -file /ca.pem"
                )
            ],
            ["/jdk/keytool -delete -keystore /jdk/cacerts -storepass changeit -alias tierwall-lab-ca"],
            id="java",
        ),
        pytest.param(
            java(Upkeep.HOOK),
            [],
            ["/jdk/keytool -delete -keystore /jdk/cacerts -storepass changeit -alias debian:tierwall-lab-ca.pem"],
            id="java, by Debian's hook",
        ),
        pytest.param(java(Upkeep.SYSTEM), [], [], id="java, by the system"),
    ],
)
def test_each_store_has_its_commands(store: Store, added: list[str], removed: list[str]) -> None:
    assert [" ".join(command.argv) for command in adding(store, CERTIFICATE)] == added
    assert [" ".join(command.argv) for command in removing(store)] == removed


@pytest.mark.parametrize("store", [nss(nickname="mitmproxy"), java(Upkeep.ITSELF, alias="mitmproxy")])
def test_what_somebody_else_put_there_is_removed_by_the_name_that_it_has(store: Store) -> None:
    (command,) = removing(store)

    assert command.argv[-1] == "mitmproxy"


@pytest.mark.parametrize(
    "store",
    [
        SystemStore(family=Family.DEBIAN, trusted=False),
        NssStore(folder=NSS, used_by="Firefox"),
        java(Upkeep.ITSELF),
    ],
)
def test_an_older_lab_ca_is_taken_out_first(store: Store) -> None:
    stale = replace(store, stale=True)

    assert list(adding(stale, CERTIFICATE)) == [*removing(stale), *adding(store, CERTIFICATE)]


def test_what_debians_hook_replaces_is_left_to_it() -> None:
    assert list(adding(replace(java(Upkeep.HOOK), stale=True), CERTIFICATE)) == []


def test_only_what_root_alone_may_write_asks_for_root() -> None:
    stores = [SystemStore(family=Family.DEBIAN, trusted=False), nss(exists=False), java(Upkeep.ITSELF)]

    assert [{command.as_root for command in adding(store, CERTIFICATE)} for store in stores] == [
        {True},
        {False},
        {True},
    ]


def test_a_database_that_cannot_be_written_has_no_commands_and_says_why() -> None:
    store = NssStore(folder=NSS, used_by="Firefox", certutil=False)

    assert [*adding(store, CERTIFICATE), *removing(store)] == []
    assert str(why_not(store)).startswith("certutil is not installed (Debian: libnss3-tools")
