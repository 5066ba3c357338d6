"""Checks as a probe writes them, in one line each."""

from tierwall.probe.values import Check, Result, State

APP = {"vendor": "vevox", "service": "content", "tier": "core"}
MEET = {"vendor": "8x8", "service": "meetings", "tier": "core"}
EXTRA = {"vendor": "8x8", "service": "auxiliary", "tier": "auxiliary"}
SEEN = {"vendor": "8x8", "service": "analytics", "tier": "analytics"}
RELAY = {"vendor": "8x8", "service": "turn-relay", "tier": "core"}


def works(what: str, target: str, saw: str, of: dict[str, str] | None = None, **detail: object) -> Check:
    return check(what, target, State.WORKS, saw, of, detail)


def broken(what: str, target: str, saw: str, of: dict[str, str] | None = None, **detail: object) -> Check:
    return check(what, target, State.BROKEN, saw, of, detail)


def changed(what: str, target: str, saw: str, of: dict[str, str] | None = None, **detail: object) -> Check:
    return check(what, target, State.DEGRADED, saw, of, detail)


def check(  # noqa: PLR0917 - a line in the tests is a check
    what: str, target: str, state: State, saw: str, of: dict[str, str] | None, detail: dict[str, object]
) -> Check:
    return Check(what=what, target=target, state=state, saw=saw, detail=detail, **(of or APP))  # type: ignore[arg-type]


def result(*checks: Check, proxy: str = "none", hold_s: float = 0.0) -> Result:
    return Result(
        when="2026-11-27T12:00:00Z", system={"os": "Linux"}, proxy={"used": proxy}, checks=checks, hold_s=hold_s
    )
