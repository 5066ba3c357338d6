"""For any octets in an opening, in any split: either they are refused, or every name in them was judged."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.openings import OPENINGS, REQUESTS, lenient_http_names, lenient_tls_names, mutated, strict_request
from tierwall.opening import (
    ClientHello,
    Connect,
    Malformed,
    NeedMore,
    Opaque,
    PlainHttp,
    SimpleRequest,
    following,
    read_tunnel,
)
from tierwall.opening.http_head import read_any_request


def through(pieces: list[bytes], *, pauses: bool) -> tuple[bytes, set[str], object]:
    """What goes out raw of what a client says in a tunnel, whom it was judged by, and what it opened with.

    `pauses`: it pauses after each piece for as long as it may.
    """
    gathered, opening = b"", read_tunnel(b"")
    rest = list(pieces)
    while isinstance(opening, NeedMore) and rest:
        gathered += rest.pop(0)
        opening = read_tunnel(gathered)
        if isinstance(opening, NeedMore) and opening.may_pause and pauses:
            opening = Opaque()
    judged = set[str]()
    match opening:
        case ClientHello(sni=sni):
            judged |= {sni} if sni else set()
        case SimpleRequest(host=host):
            judged |= {host} if host else set()
        case _:
            pass
    watch = following(opening)
    if watch is None:  # refused, unfinished, or read on as HTTP
        return b"", judged, opening
    out = b""
    for piece in [gathered, *rest]:
        watch.hear(piece)
        while (found := watch.found()) is not None:
            if isinstance(found, Malformed):
                return out, judged, opening
            judged |= {found.sni} if found.sni else set()
        out += watch.read()
    return out, judged, opening


def split(octets: bytes, data: st.DataObject) -> list[bytes]:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(octets)), max_size=5)))
    return [octets[at:end] for at, end in itertools.pairwise([0, *cuts, len(octets)])]


@given(OPENINGS, st.booleans(), st.data())
def test_no_name_goes_out_that_was_not_judged(octets: bytes, pauses: bool, data: st.DataObject) -> None:
    octets = mutated(octets, data)

    out, judged, _ = through(split(octets, data), pauses=pauses)

    assert lenient_tls_names(out) <= judged
    assert lenient_http_names(out) <= judged
    request = strict_request(out)
    assert request is None or {value.decode() for name, value in request.headers if name == b"host"} <= judged


@given(OPENINGS, st.data())
def test_what_opens_a_tunnel_does_not_depend_on_the_split(octets: bytes, data: st.DataObject) -> None:
    octets = mutated(octets, data)

    whole, pieces = through([octets], pauses=False), through(split(octets, data), pauses=False)

    assert pieces[1:] == whole[1:]
    assert pieces[0].startswith(whole[0])  # what was read before the fault came may be out


@given(st.one_of(REQUESTS, OPENINGS), st.data())
def test_what_h11_reads_as_a_request_is_read_alike_or_refused(octets: bytes, data: st.DataObject) -> None:
    octets = mutated(octets, data)
    theirs, ours = strict_request(octets), read_any_request(octets)

    if theirs is None:
        return
    fields = {name: value.decode("latin-1") for name, value in theirs.headers}
    match ours:
        case PlainHttp():
            assert ours.method == theirs.method.decode()
            named, ours_named = fields.get(b"host") or "", ours.host_header or ""
            assert ours_named in (named, named.rpartition(":")[0])
        case Connect():
            assert theirs.method == b"CONNECT"
            assert theirs.target == f"{ours.host}:{ours.port}".encode()
        case Malformed():
            pass
        case _:
            raise AssertionError(f"h11 reads {theirs!r}, and we {ours!r}")
