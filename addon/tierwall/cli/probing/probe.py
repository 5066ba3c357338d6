"""`tierwall probe`: the probe of the archive, with this machine's policies.

Knows the loaded catalogue and certifi's authorities; the rest is the probe's own.
"""

from collections.abc import Sequence
from pathlib import Path

import certifi

from tierwall.cli.faults import BadInput
from tierwall.cli.probing.policies import compiled
from tierwall.loader import InvalidFiles, load_catalogue
from tierwall.probe import command


def probe_here(  # noqa: PLR0913 - one for each option
    *,
    vendors: Sequence[str],
    policies: Sequence[Path],
    proxy: str,
    hold: str,
    ca: str | None,
    with_addresses: bool,
    output: str,
) -> int:
    """Measure, and write the result. Raises BadInput."""
    try:
        catalogue = load_catalogue(policies)
    except InvalidFiles as invalid:
        raise BadInput(list(invalid.faults)) from None
    try:
        return command.probe(
            compiled(catalogue),
            Path(certifi.where()).read_text(encoding="utf-8"),
            vendors=vendors,
            proxy=proxy,
            hold=hold,
            ca=ca,
            with_addresses=with_addresses,
            output=output,
        )
    except command.BadInput as bad:
        raise BadInput(list(bad.faults)) from None
