"""Which behaviours of a site the modes of a run can show.

Knows mitmproxy's mode specs. What each behaviour needs is policy's.
"""

from collections.abc import Iterable
from dataclasses import replace

from mitmproxy.proxy import mode_specs

from tierwall.loader import Fault, InvalidFiles
from tierwall.policy.projections.mode_support import shown_in, unshown
from tierwall.policy.site import Site


def suited(site: Site, specs: Iterable[str], *, partial: bool = False) -> Site:
    """The site; `partial`: without what none of these modes can show, which otherwise raises InvalidFiles."""
    kinds = {mode_specs.ProxyMode.parse(spec).type_name for spec in specs}
    if partial:
        return replace(site, behaviours=tuple(each for each in site.behaviours if not shown_in(each).isdisjoint(kinds)))
    path = site.paths[0] if site.paths else site.id
    if lines := list(unshown(site.behaviours, kinds)):
        raise InvalidFiles(Fault(path, None, "", f"{line}; --partial leaves it out") for line in lines)
    return site
