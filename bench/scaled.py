"""Child process: loads a site with so many rules, then times verdicts spread over all of them; prints JSON.

`python -m bench.scaled FOLDER hosts|networks COUNT`. Memory is that of the whole process, Python and imports included.
"""

import json
import random
import sys
from ipaddress import IPv4Address
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.verdicts import MANY, named, per_verdict_us, to_address
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.attempt import Action
from tierwall.policy.judge import judge
from tierwall.proxy.state.active_policy import ActivePolicy

FEW: Final = 20
_FIRST_NETWORK: Final = int(IPv4Address("11.0.0.0"))


def main() -> None:
    """Write the site, load it, judge, print."""
    folder, kind, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    site_file = _with_hosts(folder, count) if kind == "hosts" else _with_networks(folder, count)
    began = perf_counter()
    catalogue = load_catalogue(())
    site = load_site(str(site_file), catalogue)
    ActivePolicy(site, catalogue)  # builds the lookup structures
    load_s = perf_counter() - began
    peak_mb, standing_mb = _memory_mb("VmHWM"), _memory_mb("VmRSS")
    spread = random.Random(3)
    rules = [spread.randrange(count) for _ in range(MANY)]
    if kind == "hosts":
        allowed = [named(_host(rule).replace("*", f"a{number}")) for number, rule in enumerate(rules)]
        denied = [named(f"www.site{rule}.elsewhere.example") for rule in rules]
    else:
        allowed = [to_address(str(IPv4Address(_network(rule) + 5))) for rule in rules]
        denied = [to_address(str(IPv4Address(_network(rule) + 300))) for rule in rules]
    told: dict[str, float] = {"load_s": load_s, "peak_mb": peak_mb, "standing_mb": standing_mb}
    for name, expected, attempts in (("allowed", Action.ALLOW, allowed), ("denied", Action.DENY, denied)):
        wrong = [each for each in attempts if judge(site, catalogue, each).action is not expected]
        if wrong:
            raise SystemExit(f"expected {expected}: {wrong[0]}")
        told[f"{name}_us"] = per_verdict_us(lambda attempt: judge(site, catalogue, attempt), attempts)
    print(json.dumps(told))


def _with_hosts(folder: Path, count: int) -> Path:
    with (folder / f"hosts-{count}.txt").open("w") as out:
        out.writelines(f"{_host(rule)}\n" for rule in range(count))
    return _site(folder, f"hosts-{count}", f"  - {{file: hosts-{count}.txt}}\n")


def _host(rule: int) -> str:
    """Every second one a wildcard."""
    return f"{'*' if rule % 2 else 'www'}.site{rule}.customer{rule % 997}.example"


def _with_networks(folder: Path, count: int) -> Path:
    lines = "".join(f"      - {IPv4Address(_network(rule))}/24\n" for rule in range(count))
    return _site(folder, f"networks-{count}", f"  - ports: [tcp/443]\n    networks:\n{lines}")


def _network(rule: int) -> int:
    """Every second /24 from 11.0.0.0 on, so that none merge."""
    return _FIRST_NETWORK + rule * 512


def _site(folder: Path, name: str, entries: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"version: 1\nsite: {name}\ntitle: Rules of the benchmark\nadmit:\n{entries}")
    return path


def _memory_mb(field: str) -> float:
    """Not by getrusage: its peak would be the parent's, inherited by fork and kept through exec."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
