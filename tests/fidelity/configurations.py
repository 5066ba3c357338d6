"""Configurations and destinations put to a real Squid and to judge: generated `http_access` over generated lists.

Knows what a configuration may hold that tierwall follows; what cannot be followed is in the unit tests.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.fidelity.lists import admits
from tests.fidelity.pair import Pair
from tests.fidelity.squid import Asked, refusal_to_start, running
from tierwall.loader import InvalidFiles, load_site
from tierwall.policy.model import Catalogue

_TLDS = ("example", "test")
_NAMES = st.tuples(st.sampled_from(["a", "b", "www.a", "eu.b", "cdn"]), st.sampled_from(_TLDS)).map(".".join)
_DOMAINS = st.one_of(
    st.lists(_NAMES, min_size=1, max_size=3, unique=True).map(" ".join),
    _NAMES.map(".{}".format),
    st.lists(st.one_of(_NAMES, _NAMES.map(".{}".format)), min_size=2, max_size=3).map(" ".join),
)
_EXPRESSIONS = st.lists(
    st.sampled_from(
        [
            r"^a\.",
            r"\.test$",
            "(^|\\.)b\\.example$",
            "[ab]+\\.test",
            "^www",
            "cdn",
            "A",
            "-i ^A\\.",
            "+i ^A",
            ".*",
            "a|b",
        ]
    ),
    min_size=1,
    max_size=2,
).map(" ".join)
_ACLS = st.one_of(
    _DOMAINS.map("dstdomain {}".format),
    _DOMAINS.map("dstdomain -n {}".format),
    _DOMAINS.map("dstdomain \\\n   {} \\\n # why\n".format),
    _DOMAINS.map("ssl::server_name {}".format),
    _EXPRESSIONS.map("dstdom_regex {}".format),
    st.sampled_from(["port 443", "port 80 443", "port 1-1023", "port 1025-65535", "method CONNECT", "method GET POST"]),
    st.sampled_from(["dst 192.0.2.0/24", "dst 192.0.2.1-192.0.2.9", "dst 198.51.100.7", "dst ipv6", "src all"]),
    st.sampled_from([r"url_regex -i ^a\.", r"url_regex :443$", r"url_regex ^http://"]),
)
_LISTS = ("first", "second", "third")
_CONDITIONS = st.lists(
    st.tuples(
        st.sampled_from(["", "", "!"]),
        st.sampled_from([*_LISTS, *_LISTS, "both", "either", "all", "CONNECT", "SECOND", "to_localhost"]),
    ).map("".join),
    min_size=1,
    max_size=3,
).map(" ".join)
_RULES = st.lists(
    st.tuples(st.sampled_from(["allow", "allow", "deny", "Allow"]), _CONDITIONS).map(
        "http_access {0[0]} {0[1]}".format
    ),
    min_size=1,
    max_size=4,
)
_AROUND = st.sampled_from(["{}", "{}", "{}\n", "if true\n{}\nendif", "if 1 = 2\nnonsense\nelse\n{}\nendif"])
_DESTINATIONS = (
    *(f"{name}.{tld}" for name in ("a", "b", "www.a", "eu.b", "x.cdn", "other") for tld in _TLDS),
    *("192.0.2.5", "198.51.100.7", "2001:db8::5"),
)
_ASKED = st.tuples(st.sampled_from(_DESTINATIONS), st.sampled_from([443, 443, 80, 8443]))
_ADDRESSES = {name: "192.0.2.5" if name.startswith("a.") else "203.0.113.9" for name in _DESTINATIONS[:-3]}
NAMES = "".join(f"{address} {name}\n" for name, address in _ADDRESSES.items()) + "".join(
    f"{address} reverse.invalid\n" for address in _DESTINATIONS[-3:]
)
"""Squid's hosts file, so that nothing is asked of DNS."""


def generated(configurations: int, destinations: int) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    """So many configurations, each with so many destinations. The same every time."""
    made: list[tuple[str, tuple[tuple[str, int], ...]]] = []

    @settings(max_examples=configurations, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(
        st.tuples(_ACLS, _ACLS, _ACLS), _RULES, _AROUND, st.lists(_ASKED, min_size=destinations, max_size=destinations)
    )
    def collect(acls: tuple[str, ...], rules: list[str], around: str, asked: list[tuple[str, int]]) -> None:
        lines = [f"acl {name} {said}" for name, said in zip(_LISTS, acls, strict=True)]
        lines += ["acl both all-of first second", "acl either any-of third !first", around.format("\n".join(rules))]
        made.append(("\n".join(lines) + "\n", tuple(asked)))

    collect()
    return made


def ask_both(folder: Path, cases: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> Iterator[Pair]:
    """Each configuration with each of its destinations, put to a Squid of its own and to judge."""
    for text, asked in cases:
        if refusal_to_start(folder, text) is not None:
            yield from (Pair(text, f"{host}:{port}", None, judged(folder, text, host, port)) for host, port in asked)
            continue
        with running(folder, text, NAMES) as squid:
            found = squid.admit([Asked(host, port) for host, port in asked])
        for (host, port), real in zip(asked, found, strict=True):
            yield Pair(text, f"{host}:{port}", real, judged(folder, text, host, port))


def judged(folder: Path, text: str, host: str, port: int) -> bool | None:
    """What judge says of it under a site with that configuration alone."""
    (folder / "ours.conf").write_text(text)
    (folder / "site.yaml").write_text("version: 1\nsite: squid\nadmit: [{file: ours.conf, format: squid}]\n")
    try:
        site = load_site(str(folder / "site.yaml"), Catalogue(()))
    except InvalidFiles:
        return None
    return admits(site, host, port, _ADDRESSES.get(host))
