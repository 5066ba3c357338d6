"""The stand-ins of all vendors as one machine that every address leads to: what the lab talks to without a network.

Knows the servers, and starts dnsmasq and coturn beside its own. That every address leads here is the container's doing
(lab/stand-ins.sh); nothing of this belongs on a machine in use.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tierwall import programs
from tierwall.events.hostile_text import visible
from tierwall.loader import load_catalogue
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import AnyNameOrigin, Reached, RedirectOrigin, UdpEchoOrigin
from tierwall.standins.places import BRIDGE_PORT, RELAYED, TURN_PORT, Places, name_server_lines, places, rules

CA_FILE: Final = "stand-ins.crt"
CREDENTIALS: Final = "tierwall:tierwall"
"""Of the TURN server: anybody who reaches it may relay, to nowhere but here."""

_LIFETIME: Final = timedelta(days=90)
_EVERYWHERE: Final = "0.0.0.0"
_EVERYWHERE_6: Final = "::"


class Told(Reached):
    """What has reached an origin, said as it happens and not kept."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def note(  # noqa: PLR0913 - as Reached has it
        self,
        *,
        connections: int = 0,
        ended: int = 0,
        octets: int = 0,
        protocol: str | None = None,
        target: str | None = None,
        fault: str | None = None,
    ) -> None:
        """Say it; octets and ends are many and of no interest."""
        super().note(connections=connections, ended=ended, octets=octets)
        if connections:
            self._say("reached")
        for what in (protocol, target, fault):
            if what is not None:
                self._say(what)

    def note_name(self, name: str | None) -> None:
        """Say the SNI of a ClientHello."""
        self._say(f"asked for {name}" if name is not None else "asked for no name")

    def _say(self, what: str) -> None:
        print(f"{self._origin}: {visible(what)}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Print the rules, or serve until SIGTERM. 1 where a server ended by itself, 2 where one is missing."""
    match arguments:
        case ["rules", own]:
            print(rules(places(load_catalogue(())), IPv4Address(own)), end="")
            return 0
        case ["serve", own, folder]:
            try:
                return asyncio.run(_serve(places(load_catalogue(())), IPv4Address(own), Path(folder)))
            except programs.CannotRun as fault:
                print(fault, file=sys.stderr)
                return 2
        case _:
            print("python -m tierwall.standins.offline rules ADDRESS | serve ADDRESS FOLDER", file=sys.stderr)
            return 2


async def _serve(where: Places, own: IPv4Address, folder: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with TemporaryDirectory(prefix="stand-ins-") as name:
        authority = Authority(Path(name), lifetime=_LIFETIME)
        commands = (_name_server(where, Path(name)), _turn_server(where, own, authority, Path(name)))
        async with AsyncExitStack() as stack:
            for origin in _origins(authority):
                await stack.enter_async_context(origin)
            servers = [await stack.enter_async_context(programs.running(command)) for command in commands]
            _publish(authority.ca_pem, folder / CA_FILE)
            print(f"stand-ins: {len(where.names)} names, a TURN server that relays from {where.relay}", flush=True)
            endings = [stop.wait(), *(server.wait() for server in servers)]
            await asyncio.wait(map(asyncio.ensure_future, endings), return_when=asyncio.FIRST_COMPLETED)
            ended = [
                command[0] for command, server in zip(commands, servers, strict=True) if server.returncode is not None
            ]
    if ended:
        print(f"stand-ins: {' and '.join(ended)} ended, and so does all of it", file=sys.stderr)
    return 1 if ended else 0


def _origins(authority: Authority) -> Sequence[AnyNameOrigin | RedirectOrigin | UdpEchoOrigin]:
    bridge = UdpEchoOrigin(host=_EVERYWHERE, port=BRIDGE_PORT)
    bridge.reached = Told(f"udp/{BRIDGE_PORT}")
    return bridge, *_web(authority, _EVERYWHERE, ""), *_web(authority, _EVERYWHERE_6, "6")


def _web(authority: Authority, host: str, version: str) -> Sequence[AnyNameOrigin | RedirectOrigin]:
    web = AnyNameOrigin(authority, ["stand-ins.invalid"], host=host, port=443)
    redirect = RedirectOrigin(host=host, port=80)
    web.reached, redirect.reached = Told(f"tcp{version}/443"), Told(f"tcp{version}/80")
    return web, redirect


def _name_server(where: Places, folder: Path) -> list[str]:
    configuration = folder / "dnsmasq.conf"
    configuration.write_text("\n".join(name_server_lines(where)) + "\n")
    return ["dnsmasq", "--no-daemon", f"--conf-file={configuration}"]


def _turn_server(where: Places, own: IPv4Address, authority: Authority, folder: Path) -> list[str]:
    first, last = RELAYED
    certificate = str(authority.leaf([str(network.network_address) for network in where.turn] or ["stand-ins.invalid"]))
    return [
        *("turnserver", "-n", "--no-cli", "--log-file", "stdout", "--simple-log", "--no-dtls"),
        *("--pidfile", str(folder / "turnserver.pid"), "--userdb", str(folder / "turn.sqlite")),
        *("--listening-ip", str(own), "--listening-port", str(TURN_PORT), "--tls-listening-port", str(TURN_PORT + 1)),
        *("--relay-ip", str(own), "--external-ip", f"{where.relay}/{own}"),
        *("--min-port", str(first), "--max-port", str(last)),
        *("--lt-cred-mech", "--realm", "tierwall", "--user", CREDENTIALS),
        *("--cert", certificate, "--pkey", certificate),
    ]


def _publish(certificate: Path, to: Path) -> None:
    """In one step: who reads it meanwhile has the whole of the old one or the new one."""
    beside = to.with_suffix(".new")
    beside.write_bytes(certificate.read_bytes())
    beside.chmod(0o644)
    beside.replace(to)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
