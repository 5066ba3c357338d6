"""The scenarios, by name, in the order of their running."""

from collections.abc import Awaitable, Callable

from bench.soak.scenarios import descriptors, every_state, half_open, idle, resets, slow, storm, workers
from bench.soak.scene import Scene

type Scenario = Callable[[Scene], Awaitable[None]]

SCENARIOS: dict[str, tuple[str, Scenario]] = {
    "storm": ("connections opened and dropped leave nothing behind", storm.run),
    "every-state": ("clients that leave at every moment, by FIN and RST, leave nothing behind", every_state.run),
    "slow-reader": ("a client that does not read costs bounded memory, and gets all in the end", slow.reader),
    "slow-writer": ("a server that does not read, and a client that trickles", slow.writer),
    "half-open": ("clients that send an octet a second are refused in time, others undisturbed", half_open.run),
    "resets": ("a server that resets in the middle: its clients get what it sent, then a reset", resets.run),
    "descriptors": ("none left: refused at once, standing tunnels live, it recovers", descriptors.run),
    "workers": ("one is killed under load: started again, journal whole; reload and Ctrl-C reach all", workers.run),
    "idle": ("idle tunnels outlive every default time limit", idle.run),
}
