"""The network beside a site, entries that nothing matched, and a site that is made from the log alone."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.logs import CATALOGUE, audited, squid, tallied
from tierwall.audit.findings import AsSite
from tierwall.audit.inferring import site_text
from tierwall.audit.interest import Interest
from tierwall.audit.judging import Question
from tierwall.loader import load_site
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport
from tierwall.policy.site import ListEntry, Site

HTTPS = (Ports(Transport.TCP, 443, 443),)


def site(*hosts: str, dialect: Dialect = Dialect.LITERAL) -> Site:
    entry = ListEntry(label="admit[0]", hosts=hosts, ports=HTTPS, dialect=dialect)
    return Site(id="acme", admit=(entry,), dialect=dialect)


def compared(lines: list[str], ours: Site) -> AsSite:
    found = audited(lines, Question(pseudonym=str, site=ours)).as_site
    assert found is not None
    return found


def test_agreement_is_counted_by_destination_and_by_line() -> None:
    lines = [squid("a.example:443", "TCP_TUNNEL/200")] * 3 + [squid("b.example:443")] + [squid("c.example:443")] * 2

    found = compared(lines, site("a.example", "c.example"))

    assert (found.destinations.same, found.destinations.differ) == (2, 1)
    assert (found.lines.same, found.lines.differ) == (4, 2)
    (only,) = found.disagreements
    assert (only.destination, only.theirs, only.ours) == ("c.example:443", "denied", "allowed")


def test_their_list_may_have_more() -> None:
    (found,) = compared([squid("a.example:443", "TCP_TUNNEL/200")], site("b.example")).disagreements

    assert found.likely.startswith("their list has more")


def test_a_gap_of_a_wildcard_is_laid_at_the_dialect() -> None:
    (found,) = compared([squid("x.example:443", "TCP_TUNNEL/200")], site("*.x.example")).disagreements

    assert found.reason == "wildcard-gap"
    assert found.likely.startswith("dialect")


def test_a_list_that_changed_is_told_by_its_times() -> None:
    lines = [squid("a.example:443", at=1764230400), squid("a.example:443", "TCP_TUNNEL/200", at=1764230500)]

    (found,) = compared(lines, site("a.example")).disagreements

    assert (found.theirs, found.likely) == ("both", "their list changed: it was denied first, and let through later")


def test_who_was_asked_to_log_in_is_neither_for_nor_against() -> None:
    found = compared([squid("a.example:443", "TCP_DENIED/407")], site("b.example"))

    assert (found.destinations.same, found.destinations.differ) == (0, 0)


def test_entries_that_nothing_matched_are_named() -> None:
    ours = site(".a.example", ".b.example", dialect=Dialect.SQUID)

    found = audited([squid("x.a.example:443")], Question(pseudonym=str, site=ours))

    assert found.never_hit == ("admit[0] .b.example",)


def inferred(lines: list[str], folder: Path) -> Site:
    path = folder / "inferred.yaml"
    tally = tallied(lines, Interest(CATALOGUE, keep_all=True))
    path.write_text(site_text("inferred", ["access.log"], tally.statements))
    return load_site(str(path), CATALOGUE)


TARGETS = ["8x8.vc:443", "x.example:8443", "192.0.2.7:443", "[2001:db8::7]:443", "10.0.0.9:80", "www.example:443"]


@settings(max_examples=30)
@given(decided=st.dictionaries(st.sampled_from(TARGETS), st.booleans(), min_size=1))
def test_a_site_from_the_log_alone_agrees_with_every_line(decided: dict[str, bool], tmp_path_factory: object) -> None:
    lines = [squid(target, "TCP_TUNNEL/200" if let else "TCP_DENIED/403") for target, let in decided.items()]
    folder: Path = tmp_path_factory.mktemp("inferred")  # type: ignore[attr-defined]

    found = compared(lines, inferred(lines, folder))

    assert (found.destinations.same, found.disagreements) == (len(decided), ())


def test_a_site_from_the_log_says_that_it_is_one(tmp_path: Path) -> None:
    inferred([squid("8x8.vc:443", "TCP_TUNNEL/200")], tmp_path)

    assert (tmp_path / "inferred.yaml").read_text().startswith("# Inferred by `tierwall audit` from access.log")
