"""Who takes events: the protocol that journal, console and summary share, and the two ways to combine sinks."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from tierwall.events import Action, Event


class Sink(Protocol):
    """Takes each event as it happens. Called on the event loop: it must not wait."""

    def write(self, event: Event) -> None:
        """Take one event."""


class FanOut:
    """Every event to every sink; one that fails disturbs neither the others nor the traffic."""

    def __init__(self, sinks: Sequence[Sink], on_trouble: Callable[[str], None]) -> None:
        self._sinks = tuple(sinks)
        self._on_trouble = on_trouble
        self._said: set[tuple[Sink, type[Exception]]] = set()

    def write(self, event: Event) -> None:
        """To each of them. A failure is said once a sink and kind."""
        for sink in self._sinks:
            try:
                sink.write(event)
            except Exception as trouble:  # noqa: BLE001 - a console that is gone must not stop a verdict
                if (sink, type(trouble)) not in self._said:
                    self._said.add((sink, type(trouble)))
                    with suppress(Exception):  # who would say it fails too
                        self._on_trouble(f"{type(sink).__name__} does not take events: {trouble!r}")


class Selected:
    """Only events with one of some actions, as `--events` asks."""

    def __init__(self, sink: Sink, actions: frozenset[Action]) -> None:
        self._sink = sink
        self._actions = actions

    def write(self, event: Event) -> None:
        """To the sink, where it is one of them."""
        if event.event.action in self._actions:
            self._sink.write(event)
