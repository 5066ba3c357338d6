"""Lists and hosts put to a real Squid and to judge: generated ones, and a table of those that once differed.

Knows what a list file may hold. A difference that docs/dialects.md names is no disagreement, and is counted apart.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.fidelity.pair import Pair
from tests.fidelity.squid import Asked, of_lists, refusal_to_start, running
from tierwall.loader.faults import InvalidFiles
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.spellings import read_list
from tierwall.policy.attempt import Attempt, GivenName, NameSource
from tierwall.policy.dialect import Dialect
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Transport
from tierwall.policy.site import ListEntry, Site

TABLE: dict[str, tuple[str, ...]] = {
    "example.com#old\n": ("example.com",),
    "example.com #old\n": ("example.com",),
    "#example.com\n": ("example.com",),
    "*.example.com\n": ("example.com", "www.example.com"),
    "example.com\r\nwww.example.org\r\n": ("example.com", "www.example.org", "example.org"),
    "a.example b.example\n": ("a.example", "b.example"),
    "a.example,b.example\n": ("a.example", "b.example"),
    "a.example;\n;b.example\n": ("a.example", "b.example"),
    "a.example\rb.example\r": ("a.example", "b.example"),
    "example.com\\\n.net\n": ("example.com", "example.com.net", "example.net"),
    "example.com.\n": ("example.com", "example.com."),
    "Example.COM\n": ("example.com", "EXAMPLE.com"),
    "bücher.example\n": ("xn--bcher-kva.example",),
    "xn--bcher-kva.example\n": ("xn--bcher-kva.example",),
    "192.0.2.1\n": ("192.0.2.1", "192.0.2.2", "3221225985"),
    ".192.0.2.1\n": ("192.0.2.1", "192.0.2.2"),
    "192.0.2.0/24\n": ("192.0.2.1",),
    "2001:db8::1\n": ("2001:db8::1",),
    "[2001:db8::1]\n": ("2001:db8::1", "2001:0db8::1", "2001:db8::2"),
    "\ufeffexample.com\n": ("example.com",),
    '"example.com"\n': ("example.com",),
    "'example.com'\n": ("example.com",),
    "_sip.example.com\n": ("_sip.example.com",),
    "-i\nexample.com\n": ("example.com",),
    "..example.com\n": ("example.com", "www.example.com"),
    "!example.com\n": ("example.com",),
    "example.com:443\nhttps://example.com\nexample.com/x\n": ("example.com",),
    ".com\n": ("example.com", "www.example.com", "com", "example.org"),
    "example.com": ("example.com",),
    "a.example\n.a.example\n": ("a.example", "www.a.example"),
    ".a.example\na.example\n": ("a.example", "www.a.example"),
    "www.a.example\n.a.example\n": ("a.example", "www.a.example"),
    ".a.example\nwww.a.example\n": ("a.example", "www.a.example"),
}
"""A list, and hosts that tell whether it is read as Squid reads it."""

_LITERALS = ("192.0.2.1", "192.0.2.17", "10.0.0.1", "2001:db8::1")
NAMES_OF_ADDRESSES = "".join(f"{each} reverse.invalid\n" for each in (*_LITERALS, "192.0.2.2", "2001:db8::2"))
"""Squid's hosts file: what it finds in reverse for the addresses here, so that it need not ask DNS in vain."""
_LABELS = st.sampled_from(["a", "b", "www", "example", "com", "co", "uk", "x-1", "_dmarc", "xn--bcher-kva", "9"])
_NAMES = st.lists(_LABELS, min_size=1, max_size=4).map(".".join).filter(lambda name: not name.endswith("9"))
_ADDRESSES = st.sampled_from(_LITERALS)
_HOSTS = st.one_of(_NAMES, _NAMES, _ADDRESSES, _NAMES.map(str.upper))
_ENTRIES = st.one_of(
    *[_NAMES, _NAMES, _NAMES.map(".{}".format), _NAMES.map(".{}".format), _NAMES.map(str.upper)],
    st.tuples(
        st.sampled_from(
            ["{}", ".{}", "*.{}", "[{}]", "{}.", "{}/", "{}:443", "https://{}", "!{}", "..{}", "{};", "-{}"]
        ),
        st.one_of(_NAMES, _ADDRESSES),
    ).map(lambda made: made[0].format(made[1])),
)
_LINES = st.tuples(
    st.sampled_from(["{}", "{}", "{}", " {}", "\t{} ", "{} # why", "{}# why", "{} #why", "# {}", "{} {}", "{}\\"]),
    _ENTRIES,
    st.sampled_from(["\n", "\n", "\r\n", "\n\n"]),
).map(lambda made: made[0].replace("{}", made[1]) + made[2])
LISTS = st.lists(_LINES, min_size=1, max_size=6).map("".join)


def generated(lists: int, hosts: int) -> list[tuple[str, tuple[str, ...]]]:
    """So many lists, each with so many hosts, half of them made from what it lists. The same every time."""
    made: list[tuple[str, tuple[str, ...]]] = []

    @settings(max_examples=lists, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(LISTS, st.lists(_HOSTS, min_size=hosts, max_size=hosts))
    def collect(text: str, drawn: list[str]) -> None:
        made.append((text, _about(text, drawn)))

    collect()
    return made


def ask_both(folder: Path, cases: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Pair]:
    """Each list with each of its hosts, put to one Squid that runs and to judge."""
    expected = [judged(folder, text, "www.example.com") is not None for text, _ in cases]
    starts = _start(folder, [text for text, _ in cases], expected)
    started = [case for case, does in zip(cases, starts, strict=True) if does]
    for (text, hosts), does in zip(cases, starts, strict=True):
        if not does:
            yield from (Pair(text, host, None, judged(folder, text, host)) for host in hosts)
    configuration, clients = of_lists(folder, [text for text, _ in started])
    with running(folder, configuration, NAMES_OF_ADDRESSES) as squid:
        asked = [
            (text, Asked(host, client=client))
            for (text, hosts), client in zip(started, clients, strict=True)
            for host in hosts
        ]
        for (text, one), real in zip(asked, squid.admit([one for _, one in asked]), strict=True):
            yield Pair(text, one.host, real, judged(folder, text, one.host))


def _start(folder: Path, texts: Sequence[str], expected: Sequence[bool]) -> list[bool]:
    """Whether Squid starts with each. Asked of all at once that are expected to; one by one where that was wrong."""
    together = [text for text, does in zip(texts, expected, strict=True) if does]
    as_expected = refusal_to_start(folder, of_lists(folder, together)[0]) is None
    found = list(expected)
    for at, text in enumerate(texts):
        if not (as_expected and expected[at]):
            found[at] = refusal_to_start(folder, of_lists(folder, [text])[0]) is None
    return found


def judged(folder: Path, text: str, host: str) -> bool | None:
    """What judge says of the host under a site with that list alone."""
    path = folder / "ours"
    path.write_text(text)
    try:
        hosts = read_list(Export(path, Dialect.SQUID, ListFormat.PLAIN))
    except InvalidFiles as invalid:
        return False if "holds no host pattern" in str(invalid) else None
    site = Site(id="squid", admit=(ListEntry(label="list", hosts=hosts, dialect=Dialect.SQUID),))
    return admits(site, host, 443)


def admits(site: Site, host: str, port: int, dialled: str | None = None) -> bool:
    """Whether a CONNECT to the host passes, which leads to that address."""
    try:
        value = normalise(host)
    except InvalidHost:
        return False
    names = (GivenName(NameSource.CONNECT, value),)
    address = None if dialled is None else ip_address(dialled)
    attempt = Attempt(transport=Transport.TCP, port=port, names=names, dialled=address)
    return judge(site, Catalogue(()), attempt).passes


def _about(text: str, drawn: list[str]) -> tuple[str, ...]:
    """The hosts, every second of them replaced by one that the list may be about."""
    words = [word.strip(".*/!;-[]\\").removesuffix(":443").removeprefix("https://") for word in text.split()]
    named = [word for word in words if word and word.isascii() and all(c.isalnum() or c in "._-:" for c in word)]
    found = list(drawn)
    for at in range(0, len(found), 2):
        if named and not named[at % len(named)].endswith((".9", ":")):
            found[at] = named[at % len(named)] if at % 4 else f"www.{named[at % len(named)]}"
    return tuple(host if _askable(host) else "www.example.com" for host in found)


def _askable(host: str) -> bool:
    """Whether it is a host for both: what is malformed for one of them is asked of neither."""
    try:
        normalise(host)
    except InvalidHost:
        return False
    return ".." not in host
