"""Every spelling that lint proposes, put into the list, closes its gap, and admits nothing that lint did not say."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.policy.lint.building import HTTPS, catalogue, rule, site
from tierwall.policy.dialect import Dialect, NamePart, Reading, Rejected, Shape, read
from tierwall.policy.dialect.mending import IN_USE, Proposal
from tierwall.policy.dialect.overlaps import overlaps
from tierwall.policy.lint import Code, Finding, lint_site
from tierwall.policy.match.index import HostIndex
from tierwall.policy.model import Catalogue
from tierwall.policy.site import ListEntry

BASES = ("x.example", "a.x.example", "y.example", "b.a.x.example")
BEFORE = ("", "q.", "r.q.", "e.d.c.r.q.", "f.e.d.c.r.q.", "evil")
PROBES = tuple(f"{before}{base}" for base in BASES for before in BEFORE)
FORMS = ("{}", "*.{}", ".{}", "{}/", "*.{}/", "^.{}", "*{}", "https://{}", "**.{}", "w*.{}", "{}:443")
LISTS = st.lists(
    st.builds(str.format, st.sampled_from(FORMS), st.sampled_from(BASES)), min_size=1, max_size=4, unique=True
)
ASKED = st.lists(st.builds(str.format, st.sampled_from(("{}", "*.{}")), st.sampled_from(BASES)), min_size=1, max_size=4)


def covered(parts: list[NamePart]) -> set[str]:
    index = HostIndex((part, None) for part in parts)
    return {name for name in PROBES if any(hit.covers for hit in index.find(name))}


def as_read(dialect: Dialect, hosts: tuple[str, ...]) -> set[str]:
    found = [parts for host in hosts if not isinstance(parts := read(dialect, host), Rejected)]
    return covered([part for parts in found for part in parts if isinstance(part, Reading | Shape)])


def linted(dialect: Dialect, hosts: tuple[str, ...], asked: Catalogue) -> list[Finding]:
    return list(lint_site(site(ListEntry(label="list.txt", hosts=hosts, ports=HTTPS, dialect=dialect)), asked))


def written(hosts: tuple[str, ...], proposals: tuple[Proposal, ...]) -> tuple[str, ...]:
    gone = {entry for each in proposals for entry in each.in_place_of}
    return (*(host for host in hosts if host not in gone), *(each.entry for each in proposals))


def in_use(gap: Reading) -> Reading:
    return Reading(gap.base, gap.fewest, IN_USE if gap.most is None else gap.most)


@pytest.mark.parametrize("dialect", Dialect)
@given(LISTS, ASKED)
@example(["*.a.x.example", "*.x.example"], ["x.example"])
@example(["*.b.a.x.example", "*.a.x.example", "*.x.example"], ["*.x.example"])
def test_proposals_close_their_gaps_and_admit_what_was_said(
    dialect: Dialect, hosts: list[str], asked: list[str]
) -> None:
    starts = dialect is not Dialect.SQUID or not any(overlaps(hosts))
    listed = tuple(hosts if starts else hosts[:1])
    before = as_read(dialect, listed)
    policy = catalogue(*(rule(pattern, pattern) for pattern in dict.fromkeys(asked)))

    for finding in linted(dialect, listed, policy):
        made = finding.proposals
        after = as_read(dialect, written(listed, made))
        said = covered([part for each in made for part in (each.closes, *each.besides)])

        assert covered([in_use(each.closes) for each in made]) <= after
        assert before <= after
        assert after - before <= said
        assert all(f"`{each.entry}`" in (finding.mend or "") for each in made)
        assert dialect is not Dialect.SQUID or not any(overlaps(written(listed, made)))


BOTH = catalogue(rule("r", "8x8.vc", "*.8x8.vc"))


@pytest.mark.parametrize(
    ("dialect", "host", "mend"),
    [
        (Dialect.LITERAL, "8x8.vc", "add `*.8x8.vc`"),
        (Dialect.AWS_NETWORK_FIREWALL, "8x8.vc", "add `.8x8.vc` (also covers 8x8.vc)"),
        (Dialect.ZSCALER, "8x8.vc", "add `.8x8.vc` (also covers 8x8.vc; stops after five labels)"),
        (
            Dialect.CHECK_POINT,
            ".8x8.vc",
            "no spelling of `check-point` covers *.8x8.vc; the nearest, `.8x8.vc`, covers 8x8.vc alone",
        ),
    ],
)
def test_the_mend_is_a_spelling_of_the_dialect_or_says_that_there_is_none(
    dialect: Dialect, host: str, mend: str
) -> None:
    (found,) = [each for each in linted(dialect, (host,), BOTH) if each.code is Code.LIST_MISSES]

    assert found.mend == mend


@pytest.mark.parametrize(
    ("dialect", "host"), [(Dialect.CHROME_POLICY, "*"), (Dialect.CHROME_POLICY, "https://*"), (Dialect.CILIUM, "*")]
)
def test_what_covers_every_host_misses_nothing(dialect: Dialect, host: str) -> None:
    found = linted(dialect, (host,), BOTH)

    assert Code.LIST_MISSES not in {each.code for each in found}
    assert "list.txt admits of acme: 8x8.vc, *.8x8.vc" in {each.message for each in found}


def test_each_rejected_spelling_has_its_own_reason() -> None:
    hosts = ("*.8x8.vc", "https://vevox.app", "8x8.com:443")
    said = [each.message for each in linted(Dialect.SQUID, hosts, catalogue()) if each.code is Code.REJECTED_SPELLING]

    assert [f"rejects {host}," in message for host, message in zip(hosts, said, strict=True)] == [True] * 3
