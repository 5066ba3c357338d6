"""A request through the control socket -> what is done, and the answer.

Knows the requests. Each answer is an object: the state, an explanation, or `faults`.
"""

from collections.abc import Callable
from typing import Any, Final

from tierwall.events import visible
from tierwall.loader import InvalidFiles
from tierwall.policy.authority import host_port
from tierwall.policy.behaviour import Scope, at_work
from tierwall.policy.claimed_names import claim_of
from tierwall.policy.model import Address
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.proxy.control.inside import Inside
from tierwall.report.explanation import as_object, explanation

NOTE_CHARACTERS: Final = 200


class Answers:
    """What one process answers. `tell` says on the console what was changed."""

    def __init__(self, inside: Callable[[], Inside], tell: Callable[[str], None]) -> None:
        """`inside`: as it is now; options of stock mitmproxy may change while it runs."""
        self._inside, self._tell = inside, tell

    async def answer(self, request: Any) -> dict[str, object]:
        """Do what is asked. What does not make sense changes nothing."""
        first = self._inside()
        inside = _meant(first, request)
        if isinstance(inside, str):
            return {"faults": [inside]}
        try:
            match request:
                case {"do": "list"}:
                    return state(inside)
                case {"do": "metrics"}:
                    return {"metrics": list(inside.samples())}
                case {"do": "explain", "target": str(target)}:
                    return {"explained": _explained(inside, target)}
            done = await _changed(inside, request)
        except InvalidFiles as invalid:
            return {"faults": [str(fault) for fault in invalid.faults]}
        except InvalidTarget as fault:
            return {"faults": [str(fault)]}
        if done is None:
            return {"faults": ["this proxy does not understand that"]}
        if done:
            self._tell(f"site {inside.overrides.site}: {done}" if first.others and "site" in request else done)
        return state(inside)


def _meant(first: Inside, request: Any) -> Inside | str:
    """That of the site which a request names; or what is wrong with it."""
    served = ", ".join(each.overrides.site for each in first.every)
    match request:
        case {"site": str(site)}:
            found = next((each for each in first.every if each.overrides.site == site), None)
            if found is None and request.get("do") == "explain":
                return first  # an event names the site that judged it, and another is in force since
            return found or f"{visible(site)}: no such site is served here; {served}"
        case {"do": "switch" | "take-back" | "site"} if first.others:
            return f"several sites are served: say which with --site ({served})"
        case _:
            return first


async def _changed(inside: Inside, request: Any) -> str | None:
    """What was changed, in words; nothing where that is said elsewhere. None: no request. Raises InvalidFiles."""
    match request:
        case {"do": "switch", "name": str(name), "assignments": None}:
            await inside.overrides.switch(name, None)
            return f"behaviour {name} is off"
        case {"do": "switch", "name": str(name), "assignments": [*given]} if all(
            isinstance(each, str) for each in given
        ):
            await inside.overrides.switch(name, given)
            return f"behaviour {name} is {' '.join(['on', *given])}"
        case {"do": "take-back"}:
            await inside.overrides.take_back()
            return "behaviours are as the site's file says again"
        case {"do": "site", "name": str(name)}:
            await inside.reloading.switch_to(name)
            return f"site {inside.overrides.site} is in force"
        case {"do": "mark", "note": str(note)} if note.strip():
            inside.recorder.mark(note.strip()[:NOTE_CHARACTERS])
            return ""
        case _:
            return None


def state(inside: Inside) -> dict[str, object]:
    """What is in force, and where it is written down."""
    return _in_force(inside) | {
        "others": [_in_force(each) for each in inside.others],
        "runs": [each.recorder.run for each in inside.every],
        "journal": None if inside.journal is None else str(inside.journal),
        "everything": inside.recorder.everything,
        "policies": [str(path.absolute()) for path in inside.policies],
        "listening": [_reached(*each) for each in sorted(inside.destinations.listening, key=str)],
        "since": inside.since,
    }


def _in_force(inside: Inside) -> dict[str, object]:
    """Of one site."""
    overrides = inside.overrides
    return {
        "site": overrides.site,
        "named": inside.reloading.site,
        "behaviours": [
            {"behaviour": each.NAME, "does": at_work(each), "scope": _scope(each.scope)}
            for each in overrides.behaviours
        ],
        "switched": {name: "off" if given is None else "on" for name, given in overrides.said.items()},
        "said": overrides.said,
    }


def _explained(inside: Inside, target: str) -> dict[str, object]:
    policy = inside.overrides.active_policy
    attempt = attempt_for(target)
    verdict = policy.judge(attempt)
    claim = claim_of(policy.site, policy.catalogue, attempt)
    return as_object(explanation(target, verdict, policy.site.id, claim))


def _reached(address: Address, port: int) -> str:
    """From this machine: every address is none to go to."""
    if not address.is_unspecified:
        return host_port(address, port)
    return host_port("127.0.0.1" if address.version == 4 else "::1", port)


def _scope(scope: Scope) -> str:
    """In a few words; nothing where it acts on everything."""
    parts = [
        scope.vendor or "",
        *sorted(scope.tiers or ()),
        *sorted(scope.services or ()),
        *sorted(scope.protocols or ()),
        *map(str, scope.hosts or ()),
        *map(str, scope.networks or ()),
        *map(str, scope.ports or ()),
        scope.transport or "",
    ]
    return " ".join(part for part in parts if part)
