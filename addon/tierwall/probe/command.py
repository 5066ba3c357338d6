"""The probe's command line: the same words for `tierwall probe` and for the archive.

Knows options, progress and the file that comes out.
"""

import argparse
import json
import os
import pkgutil
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tierwall.probe import result_file, system
from tierwall.probe.policies import plan, vendor_ids
from tierwall.probe.running import Run, Wanted
from tierwall.probe.values import Result, State
from tierwall.probe.wire.tls import Authorities

OUTPUT = "result.json"
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_ORDER = (State.BROKEN, State.NOT_RUN, State.DEGRADED, State.WORKS, State.NOT_TESTABLE)


class BadInput(Exception):
    """What was typed cannot be; each fault says how to mend it."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def main(arguments: Sequence[str] | None = None) -> int:
    """The archive's: its policies and authorities are inside it."""
    parser = argparse.ArgumentParser(
        prog="tierwall-probe",
        description="Measure whether a vendor's product works from here, and write what was seen to a file to send "
        "back. It sends nothing that is secret, and keeps no payload.",
        epilog="example: python tierwall-probe.pyz --vendor vevox --proxy http://127.0.0.1:8080 -o result.json",
    )
    parser.add_argument(
        "--vendor", action="append", default=[], metavar="ID", help="whose product; may be repeated [all]"
    )
    parser.add_argument(
        "--proxy",
        default="auto",
        metavar="auto|none|URL|PAC-URL",
        help="http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT, or a PAC file's [auto: the system's]",
    )
    parser.add_argument("--hold", default="10m", metavar="TIME", help="how long connections are held, 0 for not [10m]")
    parser.add_argument("--ca", metavar="FILE", help="authorities (PEM) that count as the vendor's own")
    parser.add_argument("--with-addresses", action="store_true", help="write this machine's address, too")
    parser.add_argument("-o", "--output", default=OUTPUT, metavar="FILE", help=f"[{OUTPUT}; - is stdout]")
    typed = parser.parse_args(arguments)
    policies = pkgutil.get_data("tierwall.probe", "policies.json")
    if policies is None:
        raise SystemExit("this archive holds no policies: make it again")
    authorities = pkgutil.get_data("tierwall.probe", "authorities.pem")
    try:
        return probe(
            json.loads(policies),
            None if authorities is None else authorities.decode(),
            vendors=typed.vendor,
            proxy=typed.proxy,
            hold=typed.hold,
            ca=typed.ca,
            with_addresses=typed.with_addresses,
            output=typed.output,
        )
    except BadInput as bad:
        print("\n".join(bad.faults), file=sys.stderr)
        return 2


def probe(  # noqa: PLR0913 - one for each option
    policies: dict[str, Any],
    public: str | None,
    *,
    vendors: Sequence[str],
    proxy: str,
    hold: str,
    ca: str | None,
    with_addresses: bool,
    output: str,
) -> int:
    """Measure, write the file, say in short what was seen. 0: all works; 1: something does not. Raises BadInput."""
    faults: list[str] = []
    known = vendor_ids(policies)
    faults += [
        f"--vendor {name}: no such vendor; there are {', '.join(known)}" for name in vendors if name not in known
    ]
    hold_s = _seconds(hold)
    if hold_s is None:
        faults.append(f"--hold {hold}: write a time with its unit, such as 90s, 10m or 1h, or 0")
    choice = None
    try:
        places, _ = plan(policies, tuple(vendors) or tuple(known))
        choice = system.choose_proxy(proxy, [place.host for place in places])
    except ValueError as fault:
        faults.append(f"--proxy {system.without_credentials(proxy)}: {fault}")
    if ca is not None and not Path(ca).is_file():
        faults.append(f"--ca {ca}: there is no such file")
    if output != "-" and not os.access(Path(output).absolute().parent, os.W_OK):
        faults.append(f"-o {output}: cannot be written there")
    if faults or hold_s is None or choice is None:
        raise BadInput(faults)
    authorities = Authorities(public, None if ca is None else Path(ca))
    run = Run(Wanted(policies, tuple(vendors) or tuple(known), choice, authorities, hold_s, with_addresses), _tell)
    say = f"{len(run.places)} places; it takes {_minutes(run.most_s)} at the most, and much less where servers answer"
    print(f"proxy: {choice.to_json()['used']} ({choice.source})", file=sys.stderr)
    if choice.note:
        print(f"note: {choice.note}", file=sys.stderr)
    print(f"{say}. Ctrl-C stops, and keeps what was measured.", file=sys.stderr)
    stopped = False
    late = threading.Timer(run.most_s, run.stop.set)
    late.daemon = True
    late.start()
    try:
        run.run()
    except KeyboardInterrupt:
        run.stop.set()
        stopped = True
    late.cancel()
    result = run.result
    _write(output, result)
    _tell("")
    print(summary(result), file=sys.stderr)
    if stopped:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)  # connections that still wait for an answer are left to the system
    return 1 if any(check.state in {State.BROKEN, State.DEGRADED} for check in result.checks) else 0


def summary(result: Result) -> str:
    """A line a service: its worst state, and what was seen there."""
    lines = []
    services = dict.fromkeys((c.vendor, c.service, c.tier) for c in result.checks if c.vendor)
    for vendor, service, tier in services:
        checks = [c for c in result.checks if (c.vendor, c.service) == (vendor, service)]
        state = next(state for state in _ORDER if any(check.state is state for check in checks))
        seen = dict.fromkeys(f"{c.what} {c.saw}" for c in checks if c.state is state and c.what != "place")
        told = "" if state is State.WORKS else "  " + ", ".join(list(seen)[:4])
        lines.append(f"  {vendor:<14} {service:<22} {tier:<10} {state.value}{told}")
    return "\n".join(lines)


def _write(output: str, result: Result) -> None:
    text = result_file.to_json(result)
    if output == "-":
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as fault:
        raise BadInput([f"-o {output}: cannot be written: {fault.strerror}"]) from None
    print(f"\nwritten to {output}: send this file back", file=sys.stderr)


def _tell(progress: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{progress}")
        sys.stderr.flush()


def _seconds(text: str) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|)", text.strip())
    return float(found.group(1)) * _UNITS[found.group(2)] if found else None


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"
