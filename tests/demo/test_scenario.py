"""`tierwall demo`, as a user runs it; and what it makes of a proxy that does not do as the policies say."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rich.console
from msgspec import structs

from tests.support.waiting import eventually
from tierwall.demo.expectations import Seen, compare
from tierwall.demo.runner import Performance, Played
from tierwall.demo.scenario import conclude
from tierwall.demo.steps import SCENES, Client, Expected, Step, expected_of
from tierwall.events import ClosedBy, Context, Event, closed, from_verdict
from tierwall.events import Stage as Reached
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Catalogue, Tier
from tierwall.standins.certificates import CA_NAME
from tierwall.standins.clients import Cause, Outcome, Reply, Stage

LIMIT_S = 30
WIDTH = 80

PAGE = Step(title="8x8 meeting page", target="https://8x8.vc", client=Client.PAGE)
ANALYTICS = Step(title="8x8 usage analytics", target="https://api.amplitude.com", client=Client.PAGE)
FRONTED = Step(title="Another name", target="https://8x8.vc", sni="www.dropbox.com", client=Client.PAGE)


@dataclass(frozen=True)
class Ran:
    """The demo, from start to end."""

    status: int
    output: str
    talk: str
    left: list[Path]
    """What it left in the folders for temporary and for personal files."""


@dataclass(frozen=True)
class Started:
    """The demo while it runs."""

    process: subprocess.Popen[str]
    folder: Path

    def end(self) -> Ran:
        output, talk = self.process.communicate(timeout=LIMIT_S)
        return Ran(self.process.returncode, output, talk, [each for each in self.folder.rglob("*") if each.is_file()])

    def has_ended_its_processes(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


def start(folder: Path) -> Started:
    """In a process group of its own, with nothing but this folder to write into."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "COLUMNS": str(WIDTH)}
    command = [sys.executable, "-m", "tierwall", "demo"]
    pipe = subprocess.PIPE
    return Started(
        subprocess.Popen(command, env=env, cwd=folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True),
        folder,
    )


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    demo = start(tmp_path_factory.mktemp("demo"))
    with demo.process:
        yield demo


@pytest.fixture(scope="module")
def ran(started: Started) -> Ran:
    return started.end()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(())


def test_everything_is_as_the_policies_say(ran: Ran) -> None:
    steps = sum(len(scene.steps) for scene in SCENES)

    assert (ran.status, ran.talk) == (0, "")
    assert f"{steps} of {steps} as the policies say" in ran.output


def test_it_is_readable_at_80_columns(ran: Ran) -> None:
    assert [line for line in ran.output.splitlines() if len(line) > WIDTH] == []


def test_it_shows_what_stood_in_the_proxys_own_terminal(ran: Ran) -> None:
    _, _, terminal = ran.output.partition("$ tierwall run --site demo.yaml")

    assert "8x8/analytics api.amplitude.com:443 tier-closed" in terminal
    assert "Site demo: 5 denied" in terminal


def test_it_leaves_no_files_and_no_processes(ran: Ran, started: Started) -> None:
    assert ran.left == []
    assert started.has_ended_its_processes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_halfway_it_leaves_nothing_either(tmp_path: Path, number: signal.Signals) -> None:
    demo = start(tmp_path)
    with demo.process:
        eventually(lambda: any(tmp_path.rglob("*.jsonl")), LIMIT_S)
        demo.process.send_signal(number)
        ran = demo.end()

    assert ran.status != 0
    assert ran.left == []
    assert demo.has_ended_its_processes()


@pytest.mark.parametrize(
    ("site", "step", "refused", "dialled"),
    [
        pytest.param("8x8-core-only", PAGE, None, True, id="admitted"),
        pytest.param("8x8-core-only", ANALYTICS, "403", False, id="its tier is closed"),
        pytest.param("reference", ANALYTICS, None, True, id="its tier is open"),
        pytest.param("8x8-core-only", FRONTED, "alert", True, id="refused behind an admitted CONNECT"),
        pytest.param("closed", FRONTED, "403", False, id="refused with its CONNECT"),
    ],
)
def test_what_is_expected_follows_from_the_site(
    catalogue: Catalogue, site: str, step: Step, refused: str | None, dialled: bool
) -> None:
    expected = expected_of(load_site(site, catalogue), catalogue, step)

    assert (expected.verdict.passes, expected.refusal, expected.dialled) == (refused is None, refused, dialled)


@pytest.fixture
def admitted(catalogue: Catalogue) -> Played:
    """A step that went as it should."""
    expected = expected_of(load_site("8x8-core-only", catalogue), catalogue, PAGE)
    outcome = Outcome(stage=Stage.EXCHANGE, reply=Reply(status=200), issuer=CA_NAME)
    seen = Seen(outcome=outcome, connections=1, octets=500, protocols=("http",), names=("8x8.vc",))
    return played(expected, seen, (decided(expected), ended(expected, sent=500)))


@pytest.fixture
def denied(catalogue: Catalogue) -> Played:
    """A step that was refused as it should be."""
    expected = expected_of(load_site("8x8-core-only", catalogue), catalogue, ANALYTICS)
    headers = (("x-tierwall-reason", "tier-closed"), ("x-tierwall-tier", "analytics"))
    outcome = Outcome(stage=Stage.PROXY, cause=Cause.REFUSED, reply=Reply(status=403, headers=headers))
    return played(expected, Seen(outcome=outcome), (decided(expected, refusal="403"),))


def test_what_is_as_it_should_be_differs_in_nothing(admitted: Played, denied: Played) -> None:
    assert (admitted.mismatches, denied.mismatches) == ((), ())


@pytest.mark.parametrize(
    ("doctored", "mismatch"),
    [
        pytest.param(
            lambda seen: replace(seen, outcome=replace(seen.outcome, issuer="mitmproxy")),
            f"issuer of the certificate: expected {CA_NAME}, seen mitmproxy",
            id="inspected",
        ),
        pytest.param(
            lambda seen: replace(seen, octets=400),
            "octets that the tunnel carried: expected 400, seen 500",
            id="changed on its way",
        ),
        pytest.param(
            lambda seen: replace(seen, outcome=replace(seen.outcome, cause=Cause.RESET, detail="by peer")),
            "the client: expected served, seen reset (by peer)",
            id="broken off",
        ),
    ],
)
def test_an_admitted_step_that_was_tampered_with(
    admitted: Played, doctored: Callable[[Seen], Seen], mismatch: str
) -> None:
    assert compare(admitted.expected, doctored(admitted.seen), admitted.events) == (mismatch,)


@pytest.mark.parametrize(
    ("doctored", "mismatch"),
    [
        pytest.param(
            lambda seen: replace(seen, connections=1, octets=7),
            "octets that reached the origin: expected 0, seen 7",
            id="leaked",
        ),
        pytest.param(
            lambda seen: replace(seen, outcome=Outcome(stage=Stage.EXCHANGE, reply=Reply(status=200))),
            "the client: expected refused, seen served",
            id="let through",
        ),
    ],
)
def test_a_denied_step_that_got_somewhere(denied: Played, doctored: Callable[[Seen], Seen], mismatch: str) -> None:
    assert mismatch in compare(denied.expected, doctored(denied.seen), denied.events)


def test_a_denial_that_the_journal_does_not_have(denied: Played) -> None:
    assert compare(denied.expected, denied.seen, ()) == ("verdicts in the journal: expected denied, seen nothing",)


def test_a_denial_that_the_journal_has_with_another_tier(denied: Played) -> None:
    event = denied.events[0]
    other = structs.replace(event, tierwall=structs.replace(event.tierwall, tier=Tier.CORE))

    assert compare(denied.expected, denied.seen, (other,)) == ("tier in the journal: expected analytics, seen core",)


def test_what_is_not_as_the_policies_say_is_listed_and_the_status_1(admitted: Played, denied: Played) -> None:
    leaky = played(denied.expected, replace(denied.seen, octets=7), denied.events)
    screen = rich.console.Console(file=io.StringIO(), width=WIDTH)

    with screen.capture() as told:
        status = conclude(screen, [performance(admitted, leaky)])

    assert status == 1
    assert "1 of 2 as the policies say" in told.get()
    assert "octets that reached the origin: expected 0, seen 7" in told.get()


def played(expected: Expected, seen: Seen, events: tuple[Event, ...]) -> Played:
    return Played(expected=expected, seen=seen, events=events, mismatches=compare(expected, seen, events))


def performance(*steps: Played) -> Performance:
    return Performance(scene=SCENES[0], command="tierwall run", played=steps, said=())


def decided(expected: Expected, refusal: str | None = None) -> Event:
    return from_verdict(expected.verdict, expected.step.attempt, context(refusal))


def ended(expected: Expected, *, sent: int) -> Event:
    return closed(
        expected.verdict, expected.step.attempt, context(), by=ClosedBy.CLIENT, sent=sent, received=9, duration=1
    )


def context(refusal: str | None = None) -> Context:
    return Context(
        when=datetime(2026, 1, 2, tzinfo=UTC), id="1", stage=Reached.CONNECT, client_ip="127.0.0.1", refusal=refusal
    )
