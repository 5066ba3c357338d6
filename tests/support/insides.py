"""A proxy without listeners, as its control socket sees it."""

from tests.policy.catalogues import CATALOGUE
from tierwall.policy.site import Site
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.in_force.loading import Named
from tierwall.proxy.state.in_force.reloading import Reloading
from tierwall.proxy.state.live import Live
from tierwall.proxy.state.recorder import Recorder


def inside(live: Live | None = None, *, site: str = "lab", others: tuple[Inside, ...] = ()) -> Inside:
    """One, which denies everything; `others`: of the other sites that it serves."""
    live = live or Live()
    policy = ActivePolicy(Site(id=site), CATALOGUE)
    overrides = BehaviourOverrides(policy)
    recorder = Recorder(live, policy, everything=False, live=live)
    destinations = Destinations()
    return Inside(
        destinations=destinations,
        overrides=overrides,
        reloading=Reloading(Named(site, ()), overrides),
        recorder=recorder,
        tunnels=Tunnels(policy, destinations, recorder),
        live=live,
        journal=None,
        policies=(),
        others=others,
    )
