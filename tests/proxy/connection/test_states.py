"""The machine of a connection, every state and everything that can happen: what follows, or why it cannot be."""

import itertools

import pytest

from tierwall.proxy.connection.states import AFTER, BY_TASK, ENDS, Happens, Impossible, State, after

SHORT = {
    "neg": State.NEGOTIATING,
    "ope": State.OPENING,
    "wai": State.WAITING,
    "res": State.RESOLVING,
    "ask": State.ASKING,
    "dia": State.DIALLING,
    "gua": State.GUARDED,
    "exa": State.EXAMINED,
    "thr": State.THROUGH,
    "han": State.HANDED_OVER,
    "REF": State.REFUSED,
    "END": State.OVER,
}

GRID = """
              NEGOTIATE OPEN ASK_AGAIN WAIT RESOLVE ASK_PARENT DIAL GUARD EXAMINE PASS HAND_OVER REFUSE END
OPENING       neg       a    ope       wai  res     ask        dia  b     exa     c    han       REF    END
NEGOTIATING   d         ope  e         wai  res     ask        dia  b     f       c    f         REF    END
WAITING       g         g    g         g    g       g          g    g     g       g    g         REF    END
RESOLVING     h         h    h         h    h       h          h    gua   h       thr  h         REF    END
ASKING        h         h    ope       h    h       h          h    gua   h       i    h         REF    END
DIALLING      h         h    h         h    h       h          h    gua   h       thr  h         REF    END
GUARDED       j         j    j         j    j       j          j    k     exa     thr  han       REF    END
EXAMINED      d         a    e         wai  res     ask        dia  gua   k       thr  han       REF    END
THROUGH       l         l    l         l    l       l          l    l     l       l    l         REF    END
HANDED_OVER   m         m    m         m    m       m          m    m     m       m    m         m      END
REFUSED       n         n    n         n    n       n          n    n     n       n    n         n      n
OVER          n         n    n         n    n       n          n    n     n       n    n         n      n
"""

WHY_NOT = {
    "a": "its opening is read already",
    "b": "nobody has been dialled",
    "c": "nothing passes before a server was dialled",
    "d": "it has been negotiated, or never will be",
    "e": "SOCKS5 has no second request, and a tunnel none at all",
    "f": "what the client says in its tunnel comes after its request",
    "g": "who is kept waiting is refused in the end, or leaves",
    "h": "only the answer to the dial is awaited",
    "i": "a parent proxy is asked by name, and what the client then says is not known yet",
    "j": "it was dialled already, and a client asks once",
    "k": "it is so already",
    "l": "a tunnel only ends, or a later name in it is denied",
    "m": "what mitmproxy has is no longer ours but to end",
    "n": "nothing follows an end",
}


def _cells() -> dict[tuple[State, Happens], str]:
    head, *rows = GRID.split("\n")[1:-1]
    columns = [Happens[name] for name in head.split()]
    return {
        (State[row.split()[0]], column): cell
        for row in rows
        for column, cell in zip(columns, row.split()[1:], strict=True)
    }


CELLS = _cells()


@pytest.mark.parametrize(("state", "what"), tuple(itertools.product(State, Happens)), ids=lambda each: each.name)
def test_what_follows(state: State, what: Happens) -> None:
    cell = CELLS[state, what]

    if cell in SHORT:
        assert after(state, what) is SHORT[cell]
    else:
        assert cell in WHY_NOT
        with pytest.raises(Impossible, match=f"{state} cannot"):
            after(state, what)


def test_every_state_is_reached_and_comes_to_an_end() -> None:
    reached, before = {State.OPENING}, set[State]()
    while reached != before:
        before = set(reached)
        reached |= {each for state in before for each in AFTER[state].values()}

    assert reached == set(State)
    assert all(set(AFTER[state].values()) & ENDS for state in set(State) - ENDS)


def test_nothing_follows_an_end_and_no_task_serves_one() -> None:
    assert all(not AFTER[state] for state in ENDS)
    assert not ENDS & BY_TASK


def test_no_octet_passes_that_was_not_judged() -> None:
    """To THROUGH leads only what knows a server and an opening."""
    before = {state for state in State if State.THROUGH in AFTER[state].values()}

    assert before == {State.RESOLVING, State.DIALLING, State.GUARDED, State.EXAMINED}
