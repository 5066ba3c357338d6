"""The kernel's side of a gateway, kept in step with the site, and what it leaves unanswered heard.

Knows the two tasks and what is journalled where they end. Imported by runs with a gateway alone: others have none.
"""

import logging

from tierwall.events import Stage
from tierwall.gateway.kernel_sync import KernelSync
from tierwall.gateway.nflog import hear
from tierwall.proxy.middlebox.unanswered_syns import UnansweredSyns
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

logger = logging.getLogger(__name__)


def keeper_of(active_policy: ActivePolicy, recorder: Recorder) -> KernelSync:
    """The keeper of the rules that `tierwall gateway up` made here."""
    return KernelSync(
        lambda: (active_policy.site, active_policy.catalogue), lambda fault: recorder.fault(fault, Stage.CONFIG)
    )


async def keep(kernel_sync: KernelSync, recorder: Recorder) -> None:
    """Where this ends, the kernel's lease does too."""
    try:
        await kernel_sync.keep()
    except Exception as failure:
        logger.exception("keeping the gateway failed")
        recorder.fault(f"nothing goes straight through the gateway any more: {failure}", Stage.CONFIG)


async def hear_unanswered(active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
    """Of the SYNs that the gateway's kernel leaves unanswered."""
    try:
        await hear(UnansweredSyns(active_policy, destinations, recorder).tell)
    except OSError as failure:
        recorder.fault(f"SYNs that the gateway leaves unanswered have no events: {failure.strerror}", Stage.CONFIG)
