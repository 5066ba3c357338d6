"""The behaviours of a site file: units, files, contradictions, and what each entry becomes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tierwall.loader import InvalidFiles, load_site
from tierwall.policy.behaviour import (
    BY_NAME,
    Bandwidth,
    Cut,
    IdleTimeout,
    NoHttp2,
    ProxyAuth,
    Scope,
    Slicer,
)
from tierwall.policy.behaviour.parameters import Octets, OctetsPerSecond, Seconds
from tierwall.policy.model import Catalogue, Ports, Transport

type Write = Callable[[str, str], Path]

HEAD = "version: 1\nsite: lab\nbehaviours:\n"


def _faults(write: Write, catalogue: Catalogue, *entries: str) -> str:
    write("lab.yaml", HEAD + "".join(f"  - {entry}\n" for entry in entries))
    with pytest.raises(InvalidFiles) as invalid:
        load_site("lab.yaml", catalogue)
    return str(invalid.value)


def test_measures_have_units_and_become_numbers(write: Write, catalogue: Catalogue) -> None:
    write(
        "lab.yaml",
        HEAD
        + """\
  - {behaviour: idle-timeout, after: 1.5m, how: fin}
  - {behaviour: bandwidth, rate: 512kbit/s}
  - {behaviour: slicer, size: 1KiB, pause: 250ms, scope: {vendor: vevox, ports: [tcp/443]}}
""",
    )

    site = load_site("lab.yaml", catalogue)

    assert site.behaviours == (
        IdleTimeout(after=Seconds(90.0), how=Cut.FIN),
        Bandwidth(rate=OctetsPerSecond(64_000)),
        Slicer(
            size=Octets(1024),
            pause=Seconds(0.25),
            scope=Scope(vendor="vevox", ports=(Ports(Transport.TCP, 443, 443),)),
        ),
    )


def test_a_child_replaces_what_has_the_same_scope_and_adds_the_rest(write: Write, catalogue: Catalogue) -> None:
    write("base.yaml", HEAD.replace("lab", "base") + "  - {behaviour: idle-timeout, after: 60s}\n")
    write(
        "lab.yaml",
        HEAD.replace("behaviours", "extends: ./base.yaml\nbehaviours")
        + "  - {behaviour: idle-timeout, after: 10s}\n  - {behaviour: no-http2}\n",
    )

    assert load_site("lab.yaml", catalogue).behaviours == (IdleTimeout(after=Seconds(10.0)), NoHttp2())


def test_passwords_are_kept_as_digests_and_their_file_is_watched(write: Write, catalogue: Catalogue) -> None:
    write("users.txt", "# lab\nalice:s3cret\n")
    write("lab.yaml", HEAD + "  - {behaviour: proxy-auth, users: users.txt}\n")

    site = load_site("lab.yaml", catalogue)

    (auth,) = site.behaviours
    assert isinstance(auth, ProxyAuth)
    assert len(auth.users) == 1
    assert "s3cret" not in repr(site)
    assert site.paths == ("lab.yaml", "users.txt")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{behaviour: idle-timeout}", "behaviours[0].after: is missing (How long nothing passes, either way)"),
        (
            "{behaviour: idle-timeout, after: 60}",
            "behaviours[0].after: `60` has no unit: write 60s for seconds, 60ms for milliseconds",
        ),
        (
            "{behaviour: idle-timeout, after: 60s, haw: fin}",
            "behaviours[0].haw: unknown key `haw`; did you mean `how`? (known: behaviour, scope, after, how)",
        ),
        (
            "{behaviour: idle-timeout, after: 60s, how: fim}",
            "behaviours[0].how: unknown word `fim`; did you mean `fin`? (known: fin, rst, drop)",
        ),
        (
            "{behaviour: idle-timout}",
            "behaviours[0].behaviour: unknown behaviour `idle-timout`; did you mean `idle-timeout`?",
        ),
        (
            "{behaviour: reset}",
            "behaviours[0].behaviour: `reset` never happens: say when, with `after: 10s` or `octets: 64KiB`",
        ),
        (
            "{behaviour: dns-filter, answer: address}",
            "behaviours[0].answer: `answer: address` needs the `address` that is answered",
        ),
        (
            "{behaviour: no-udp, scope: {transport: tcp}}",
            "behaviours[0].scope: `no-udp` acts on udp only, which this scope leaves out",
        ),
        (
            "{behaviour: no-http2, scope: {vendor: vevx}}",
            "behaviours[0].scope.vendor: unknown vendor `vevx`; did you mean `vevox`?",
        ),
        ("{behaviour: proxy-auth, users: nobody.txt}", "behaviours[0].users: `nobody.txt`: no such file"),
        (
            "{behaviour: bandwidth, rate: 5 apples/s}",
            "behaviours[0].rate: `5 apples/s` is not a rate; expected e.g. 512kbit/s, 2Mbit/s or 64kB/s",
        ),
        (
            "{behaviour: connection-limit, most: 0}",
            "behaviours[0].most: `0` is not a count, a whole number from 1 to 1000000",
        ),
        (
            '{behaviour: headers, strip: ["a b"]}',
            "behaviours[0].strip[0]: `a b` is no name of a header field (letters, digits, hyphens)",
        ),
    ],
)
def test_a_fault_says_where_and_the_mend(entry: str, fault: str, write: Write, catalogue: Catalogue) -> None:
    assert _faults(write, catalogue, entry) == f"lab.yaml:4: {fault}"


def test_every_fault_of_every_entry_is_named_at_once(write: Write, catalogue: Catalogue) -> None:
    said = _faults(
        write,
        catalogue,
        "{behaviour: stall}",
        "{behaviour: latency, delay: soon}",
        "{behaviour: no-http2}",
        "{behaviour: no-http2}",
    )

    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "behaviours[0].behaviour",
        "behaviours[1].delay",
        "behaviours[3]",
    ]
    assert "contradicts behaviours[2]: two `no-http2` have the same scope" in said


def test_a_line_of_a_users_file_is_never_repeated(write: Write, catalogue: Catalogue) -> None:
    write("users.txt", "alice s3cret\n")

    said = _faults(write, catalogue, "{behaviour: proxy-auth, users: users.txt}")

    assert said == "lab.yaml:4: behaviours[0].users: `users.txt`: line 1 is not `name:password`"


def test_every_behaviour_can_be_spelled(write: Write, catalogue: Catalogue) -> None:
    write("users.txt", "alice:s3cret\n")
    needed = {
        "connection-limit": "most: 3",
        "proxy-auth": "users: users.txt",
        "split-dns": "answers: {vevox.app: [10.0.0.1]}",
        "fqdn-cache-expiry": "after: 60s",
        "idle-timeout": "after: 60s",
        "max-lifetime": "after: 1h",
        "latency": "delay: 300ms",
        "jitter": "most: 100ms",
        "bandwidth": "rate: 1Mbit/s",
        "slicer": "size: 10B",
        "stall": "after: 10s",
        "reset": "octets: 64KiB",
        "slow-close": "delay: 5s",
        "udp-timeout": "after: 10s",
    }
    entries = [f"{{behaviour: {name}{', ' + needed[name] if name in needed else ''}}}" for name in BY_NAME]
    write("lab.yaml", HEAD + "".join(f"  - {entry}\n" for entry in entries))

    site = load_site("lab.yaml", catalogue)

    assert [behaviour.NAME for behaviour in site.behaviours] == list(BY_NAME)
