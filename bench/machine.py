"""What the figures were measured on.

Knows /proc and the versions of tools; nothing that identifies the machine beyond its kind.
"""

import os
import platform
import subprocess
import sysconfig
from pathlib import Path

from bench.ground import Ground


def describe(ground: Ground) -> dict[str, str]:
    """For the head of RESULTS.md."""
    return {
        "cores": f"{os.cpu_count()} ({_field('/proc/cpuinfo', 'model name')})",
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 1048576:.1f} GB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "system": _field("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {_built()}",
        "C compiler": _first_line(["cc", "--version"]) + ", -O2",
        "open files a process": f"{ground.files:,}{_too_few(ground.files)}",
        "ports": f"{_value('ip_local_port_range')}, tcp_tw_reuse {_value('tcp_tw_reuse')}",
        "placement": "clients and origin on core 0, the proxy on core 1" if ground.for_clients else "not pinned",
        "load before the run": f"{os.getloadavg()[0]:.2f}",
        "ClientHello": f"{ground.hello.stat().st_size} octets",
        "host list": f"{len(ground.hosts)} patterns",
    }


def busy_s() -> float:
    """Seconds that all cores together have worked so far, whoever for (proc_stat(5): the first line, without idle)."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _built() -> str:
    """Whether the interpreter itself was built for speed: one that was not takes up to twice as long for everything."""
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS"))
    profiled = "--enable-optimizations" in arguments or "-fprofile-use" in str(sysconfig.get_config_var("PY_CFLAGS"))
    return "built with profile-guided optimisation" if profiled else "built without profile-guided optimisation: slow"


def _too_few(files: int) -> str:
    return "" if files >= 8192 else " (too few for 3,000 tunnels through one process: raise `ulimit -n`)"


def _field(path: str, name: str, separator: str = ":") -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(separator)
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _value(setting: str) -> str:
    return "-".join(Path(f"/proc/sys/net/ipv4/{setting}").read_text().split())


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("\n")[0]
