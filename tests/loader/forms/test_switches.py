"""`NAME KEY=VALUE…` becomes a switch, with the words and faults that a site file would get."""

from collections.abc import Sequence

import pytest

from tierwall.loader import InvalidFiles
from tierwall.loader.forms.switches import switch_off, switch_on
from tierwall.policy.behaviour import Behaviour, ConnectPorts, Cut, IdleTimeout, NoHttp2, Scope
from tierwall.policy.behaviour.parameters import PortNumber, Seconds
from tierwall.policy.behaviour.switching import Switch
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

IDLE = IdleTimeout(after=Seconds(60.0), how=Cut.DROP, scope=Scope(vendor="vevox"))


def on(name: str, assignments: Sequence[str], catalogue: Catalogue, *own: Behaviour) -> tuple[Behaviour, ...]:
    return switch_on(name, assignments, Site(id="lab", behaviours=own), catalogue).instead


def faults(name: str, assignments: Sequence[str], catalogue: Catalogue, *own: Behaviour) -> list[str]:
    with pytest.raises(InvalidFiles) as invalid:
        on(name, assignments, catalogue, *own)
    return [str(fault) for fault in invalid.value.faults]


def test_off_is_nothing_in_its_place() -> None:
    assert switch_off("latency") == Switch("latency", ())


def test_on_without_parameters_is_the_sites_own(catalogue: Catalogue) -> None:
    assert on("idle-timeout", [], catalogue, IDLE) == (IDLE,)
    assert on("no-http2", [], catalogue) == (NoHttp2(),)


def test_what_is_not_given_stays_as_the_site_has_it(catalogue: Catalogue) -> None:
    (changed,) = on("idle-timeout", ["after=5s"], catalogue, IDLE)

    assert changed == IdleTimeout(after=Seconds(5.0), how=Cut.DROP, scope=Scope(vendor="vevox"))


def test_values_are_spelled_as_in_a_site_file(catalogue: Catalogue) -> None:
    assert on("connect-ports", ["ports=[443, 8443]", "scope.hosts=['*.vevox.app']"], catalogue) == (
        ConnectPorts(
            ports=(PortNumber(443), PortNumber(8443)),
            scope=Scope(hosts=("*.vevox.app",)),  # type: ignore[arg-type]
        ),
    )


@pytest.mark.parametrize(
    ("name", "assignments", "fault"),
    [
        ("idle-timout", [], "unknown behaviour `idle-timout`; did you mean `idle-timeout`?"),
        ("idle-timeout", [], "after: is missing (How long nothing passes, either way)"),
        ("idle-timeout", ["after"], "`after` is not KEY=VALUE, as in after=60s"),
        ("idle-timeout", ["after=60"], "after: `60` has no unit: write 60s for seconds, 60ms for milliseconds"),
        ("stall", [], "behaviour: `stall` never happens: say when, with `after: 10s` or `octets: 64KiB`"),
        ("no-http2", ["scope.vendor=vevx"], "scope.vendor: unknown vendor `vevx`; did you mean `vevox`?"),
    ],
)
def test_a_fault_is_in_the_words_of_a_site_file(
    name: str, assignments: list[str], fault: str, catalogue: Catalogue
) -> None:
    (found,) = faults(name, assignments, catalogue)

    assert found.startswith(fault)


def test_a_value_cannot_bring_keys_of_its_own(catalogue: Catalogue) -> None:
    assert faults("no-http2", ["scope.vendor=vevox\nbehaviour: latency"], catalogue)
    assert faults("idle-timeout", ["after=5s, how: fin"], catalogue)
