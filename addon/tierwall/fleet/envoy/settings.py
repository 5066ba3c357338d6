"""What an Envoy is told that is not the site's: where it listens, who it is, where its lists come from.

Knows values only.
"""

from dataclasses import dataclass

from tierwall.fleet.envoy.values import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address and a port to listen on."""

    host: str
    port: int

    @property
    def resource(self) -> Object:
        """As Envoy has it."""
        return {"socket_address": {"address": self.host, "port_value": self.port}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is not the site's: where Envoy listens, who it is, where its lists come from."""

    explicit: Place = Place(host="127.0.0.1", port=8080)
    transparent: Place | None = None
    admin: Place = Place(host="127.0.0.1", port=9901)
    uid: int = 101
    """Of Envoy's process, for the kernel guard; 101 is that of Envoy's own images."""
    node: str = "envoy"
    control_plane: tuple[Place, ...] = ()
    """Where lists come from, any of them; none: from files beside the bootstrap."""
    log_to: Place | None = None
    """Who is sent the access log (`tierwall fleet ingest --listen`); None: it goes to access.log."""
