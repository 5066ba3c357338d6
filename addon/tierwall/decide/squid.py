"""`--speak squid`: Squid's external_acl_type with concurrency channels; OK, ERR, or BH where the question is nonsense.

Source: Squid 5 documentation, `external_acl_type`; wiki.squid-cache.org, "AddonHelpers", Access Control. The format is
`%DST %PORT %METHOD %ssl::>sni %SRC`; the last three may be left out. Values are percent-encoded both ways (RFC 3986),
`-` is none. BH decides nothing: Squid goes on to its next rule, which has to be a denial.
"""

from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote

from tierwall.decide.judging import Judged, Judging
from tierwall.events.hostile_text import visible
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Transport

FORMAT: Final = "%DST %PORT %METHOD %ssl::>sni %SRC"
"""What external_acl_type is told to send, behind the channel."""

CONCURRENCY: Final = 50
"""Questions that Squid may leave unanswered at a time, in the examples."""

_LAST_PORT: Final = 65535
_TOLD_CHARACTERS: Final = 400
"""Of one value in an answer: Squid reads 4 KiB a line at least (helper.cc, ReadBufSize)."""


class _NoQuestion(ValueError):
    """What is wrong with the line, in one clause."""


class SquidHelper:
    """The protocol. `nonsense` counts lines that were no questions."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.nonsense = 0

    def answer(self, line: bytes) -> bytes:
        """One line with the channel of the question, LF at its end."""
        channel, _, question = line.rstrip(b"\r").partition(b" ")
        if not channel.isdigit():
            return self._nonsense(b"0", "no channel number: external_acl_type needs concurrency=50, say")
        if (known := self._judging.recall(question)) is not None:
            return channel + known
        try:
            judged = self._judging.judge(self._attempt(question))
            return channel + self._judging.keep(question, _said(judged))
        except _NoQuestion as wrong:
            return self._nonsense(channel, str(wrong))
        except Exception as failure:  # noqa: BLE001 - an error of ours admits nothing, and the next is answered
            return self._nonsense(channel, f"error of tierwall: {failure!r}")

    def refuse(self, why: str) -> bytes:
        """The answer to a line of which not even the channel is known."""
        return self._nonsense(b"0", why)

    def _nonsense(self, channel: bytes, why: str) -> bytes:
        self.nonsense += 1
        return channel + _line("BH", {"message": why})

    def _attempt(self, question: bytes) -> Attempt:
        try:
            words = [unquote(word, errors="strict") for word in question.decode().split()]
        except UnicodeError:
            raise _NoQuestion("the line is no UTF-8") from None
        if len(words) < 2:
            raise _NoQuestion(f"{len(words)} values behind the channel; the format is {FORMAT}")
        host, port, method, sni, client = (*words, "-", "-", "-")[:5]
        if any(word != "-" for word in words[5:]):
            raise _NoQuestion(f"{len(words)} values behind the channel; the format is {FORMAT}")
        if host == "-":
            raise _NoQuestion("%DST is empty")
        if not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= _LAST_PORT:
            raise _NoQuestion(f"%PORT is a number from 1 to {_LAST_PORT}, not {visible(port[:20])}")
        return self._with_client(_attempt(host, int(port), method, sni), client)

    def _with_client(self, attempt: Attempt, client: str) -> Attempt:
        """Who may use Squid is Squid's own to say, unless the site names its clients."""
        if client == "-" or self._judging.site.clients is None:
            return attempt
        try:
            address = normalise(client)
        except InvalidHost:
            address = client
        if isinstance(address, str):
            raise _NoQuestion(f"%SRC is an address, not {visible(client[:60])}")
        return replace(attempt, client=address)


def _attempt(host: str, port: int, method: str, sni: str) -> Attempt:
    tunnel = method in {"CONNECT", "-"}
    try:
        value = normalise(host)
        names = [GivenName(NameSource.CONNECT if tunnel else NameSource.HOST, value)]
        if sni != "-":
            names.append(GivenName(NameSource.SNI, normalise(sni)))
    except InvalidHost as fault:
        return Attempt(transport=Transport.TCP, port=port, malformed=str(fault))
    seen = (None if sni == "-" else Seen.TLS) if tunnel else Seen.HTTP
    address = None if isinstance(value, str) else value
    return Attempt(transport=Transport.TCP, port=port, names=tuple(names), address=address, seen=seen)


def _said(judged: Judged) -> bytes:
    verdict, leading = judged.verdict, next(iter(judged.verdict.breaks), None)
    word = f"would-deny:{verdict.reason}" if verdict.would_deny else str(verdict.reason or "allowed")
    told = {"tag": str(verdict.tier), "log": f"{word}/{verdict.tier}", "site": judged.site.id}
    if leading is not None:
        told |= {"vendor": leading.vendor, "service": leading.service, "rule": leading.rule}
    if verdict.passes:
        return _line("OK", told)
    why = f"{verdict.reason}: {verdict.detail}" if verdict.detail else str(verdict.reason)
    breaks = f" Breaks {leading.vendor} {leading.service} ({leading.tier}): {leading.symptom}" if leading else ""
    return _line("ERR", {"message": f"{why}.{breaks}", **told, "symptom": leading.symptom if leading else ""})


def _line(result: str, told: dict[str, str]) -> bytes:
    values = (f"{key}={quote(value[:_TOLD_CHARACTERS], safe='')}" for key, value in told.items() if value)
    return f" {result} {' '.join(values)}\n".encode()
