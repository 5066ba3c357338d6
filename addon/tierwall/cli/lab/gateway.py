"""`tierwall gateway`: makes a gateway of this machine, takes it back, says what stands.

Knows what is printed and what is refused; rules and routes are the package gateway's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.gateway import apply, checks, host
from tierwall.gateway.elements import fill, loadable
from tierwall.gateway.facts import Facts
from tierwall.gateway.status import status as as_lines
from tierwall.gateway.status import table_of
from tierwall.gateway.steps import Act, Run, Setting, Step, removal, steps
from tierwall.gateway.topology import TABLE, Standing, Topology
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.projections.kernel_bypass import spans
from tierwall.policy.projections.unanswered_syns import unanswered
from tierwall.report.wording import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    inside: tuple[str, ...]
    outside: str | None
    port: int
    tun: str
    site: str
    policies: tuple[Path, ...]


def up(wanted: Wanted, *, dry_run: bool, verbose: bool = False) -> int:
    """Make the gateway, and sum up what that was. Raises BadInput with every fault, before anything is done.

    `dry_run`: only print all that would be done; `verbose`: print it all, and do it.
    """
    facts = host.look(wanted.outside)
    topology = _topology(wanted, facts)
    found: list[object] = [] if dry_run else [*checks.may_not(facts)]
    found += checks.faults(topology, facts)
    filling = _filling(wanted, found)
    if found:
        raise BadInput(found)
    settings, before = checks.settings_for(topology, facts)
    to_do = steps(Standing(topology=topology, before=before), facts.ipv6, settings, filling)
    if dry_run or verbose:
        _print(step.do for step in to_do)
    for warning in checks.warnings(topology, facts):
        talk().print(warning, style="yellow", soft_wrap=True)
    if not dry_run:
        _apply(to_do)
        if not verbose:
            _sum_up(topology, [step.do for step in to_do])
        _say_how_to_go_on()
    return 0


def down(*, dry_run: bool) -> int:
    """Print what takes the gateway back, and do it. 1 where something of it would not go. Raises BadInput."""
    facts = host.look()
    if facts.missing:
        raise BadInput(facts.missing)
    if not dry_run and not facts.may_administer:
        raise BadInput(checks.may_not(facts)[:1])
    undos = removal(checks.remains(facts))
    if not undos:
        talk().print("no gateway is up here")
        return 0
    _print(undos)
    complaints = [] if dry_run else apply.take_back(undos)
    for complaint in complaints:
        talk().print(complaint)
    return int(bool(complaints))


def status() -> int:
    """Say what stands. 1 where something does not. Raises BadInput."""
    facts = host.look()
    if found := facts.missing or checks.may_not(facts)[:1]:
        raise BadInput(found)
    lines = as_lines(facts, table_of(host.said("nft", "-j", "list", "table", "inet", TABLE)))
    for line in lines:
        report().print(Text(f"{line.what:<10} {line.said}", "" if line.stands else "yellow"), soft_wrap=True)
    return int(not all(line.stands for line in lines))


def _topology(wanted: Wanted, facts: Facts) -> Topology:
    outside = wanted.outside or checks.outside_of(facts) or ""
    return Topology(inside=wanted.inside, outside=outside, port=wanted.port, tun=wanted.tun)


def _filling(wanted: Wanted, faults: list[object]) -> str:
    """What the sets hold until the proxy that runs puts its own site in force."""
    try:
        catalogue = load_catalogue(wanted.policies)
        site = load_site(wanted.site, catalogue)
    except InvalidFiles as invalid:
        faults += invalid.faults
        return ""
    return fill(loadable(spans(site, catalogue)), unanswered(site))


def _apply(to_do: Iterable[Step]) -> None:
    try:
        apply.apply(to_do)
    except host.Failed as fault:
        raise BadInput([f"{fault} (all that was done before was taken back)"]) from None


def _print(acts: Iterable[Act]) -> None:
    for each in acts:
        write(str(each))


def _sum_up(topology: Topology, acts: Sequence[Act]) -> None:
    """A line for each kind of thing that was done."""
    inside = ", ".join(topology.inside)
    rows = [
        ("gateway", f"from {inside} to {topology.outside}; proxy on port {topology.port}, tun device {topology.tun}")
    ]
    settings = [f"{each.key}={each.value}" for each in acts if isinstance(each, Setting)]
    runs = [each for each in acts if isinstance(each, Run)]
    rules = sum(each.stdin.count("\n") for each in runs if each.words[0] == "nft")
    routing = [each for each in runs if each.words[0] == "ip"]
    rows += [("nftables", f"table inet {TABLE}, {plural(rules, 'line')}")]
    rows += [("routing", f"{plural(len(routing), 'rule, route and device', 'rules, routes and devices')}")]
    rows += [("settings", ", ".join(settings))] if settings else []
    for heading, said in rows:
        report().print(Text(f"{heading:<10} {said}"), soft_wrap=True)
    talk().print(
        "-v prints each of them, --dry-run without doing it; `tierwall gateway down` undoes it all", soft_wrap=True
    )


def _say_how_to_go_on() -> None:
    talk().print(
        "The gateway is up; nothing gets through it without a proxy. Now: tierwall run --gateway", soft_wrap=True
    )
