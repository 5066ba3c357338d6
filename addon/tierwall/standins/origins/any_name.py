"""The web servers of every vendor at once: a certificate for whichever name a client asks for.

Knows names as clients send them. What is served is https.py's.
"""

import ssl
from functools import lru_cache

from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.standins.certificates import Authority
from tierwall.standins.origins.https import HttpsOrigin

CERTIFICATES = 1024
"""How many are remembered."""


class AnyNameOrigin(HttpsOrigin):
    """An HttpsOrigin that signs a certificate for the SNI of each handshake; `names` are for those without one."""

    def __init__(self, authority: Authority, names: list[str], *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(authority, names, host=host, port=port)
        self._context_for = lru_cache(CERTIFICATES)(lambda name: authority.server_context([name]))

    def _hear_name(self, tls: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        super()._hear_name(tls, name, context)
        try:
            normal = normalise(name or "")
        except InvalidHost:
            return
        if isinstance(normal, str):
            tls.context = self._context_for(normal)
