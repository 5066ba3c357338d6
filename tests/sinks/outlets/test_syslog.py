"""Over syslog: what the other end's TCP has is taken, and a connection that it closed is not written to."""

import socket
from contextlib import closing

import pytest

from tests.sinks.material import entry, event
from tierwall.sinks.address import Kind, parse_address
from tierwall.sinks.entry import TAKEN, NotNow
from tierwall.sinks.outlets.syslog import SyslogOutlet


def frames(octets: bytes) -> list[bytes]:
    found = []
    while octets:
        length, _, rest = octets.partition(b" ")
        found.append(rest[: int(length)])
        octets = rest[int(length) :]
    return found


def test_frames_arrive_whole_and_a_server_that_was_away_gets_what_comes_after() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with closing(SyslogOutlet(parse_address(Kind.SYSLOG, f"tcp://127.0.0.1:{port}"), None, "lab1", 7)) as to:
            assert to.send([entry(event(1)), entry(event(2))]) == TAKEN
            first, _ = listener.accept()
            heard = frames(first.recv(65536))
            first.close()  # it ends as a server does that is stopped

            assert to.send([entry(event(3))]) == TAKEN
            second, _ = listener.accept()
            with second:
                later = frames(second.recv(65536))

    assert [b'id="run-1"' in heard[0], b'id="run-2"' in heard[1], b'id="run-3"' in later[0]] == [True, True, True]
    assert (len(heard), len(later)) == (2, 1)


def test_nobody_there_is_not_now() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    to = SyslogOutlet(parse_address(Kind.SYSLOG, f"tcp://127.0.0.1:{port}"), None, "lab1", 7)

    with pytest.raises(NotNow, match="Connection refused"):
        to.send([entry()])
