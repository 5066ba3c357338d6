"""HOST:PORT of options, read.

Knows the spelling.
"""

from tierwall.cli.faults import BadInput
from tierwall.fleet.envoy.settings import Place
from tierwall.loader.faults import quoted


def read_place(option: str, text: str, faults: list[object]) -> Place | None:
    """None where there is a fault."""
    host, _, port = text.rpartition(":")
    bare = host.strip("[]")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535 or not bare:
        faults.append(f"{option} {quoted(text)}: write HOST:PORT, as in `0.0.0.0:3128` or `[::]:3128`")
        return None
    return Place(host=bare, port=int(port))


def place_of(option: str, text: str) -> Place:
    """Raises BadInput."""
    faults: list[object] = []
    found = read_place(option, text, faults)
    if found is None:
        raise BadInput(faults)
    return found
