"""`tierwall diagnose`: results of probes, and logs -> behaviours, ranked; and the site that has them.

Knows files and streams; what explains what is diagnosis's.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.cli.probing.audits import result_of_audit
from tierwall.cli.probing.logs import result_of_logs
from tierwall.diagnosis import Diagnosed, Diagnosis, diagnose
from tierwall.diagnosis.site_text import site_text, users_of
from tierwall.events.hostile_text import visible
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import shown_path
from tierwall.policy.model import Catalogue
from tierwall.probe.result_file import MOST_OCTETS, NotAResult, from_json
from tierwall.probe.values import Result
from tierwall.report.indented import Indented

_BEGINNING: Final = 200
"""Octets by which a result of a probe, or an audit, is known."""
_KEYS: Final = (b'"probe"', b'"sources"')


def diagnose_files(files: Sequence[str], policies: Sequence[Path], site: Path | None, *, as_json: bool) -> int:
    """Read, explain, print, write the site. 1: something was found. Raises BadInput."""
    try:
        catalogue = load_catalogue(policies)
    except InvalidFiles as invalid:
        raise BadInput(list(invalid.faults)) from None
    results = _results(files, catalogue)
    for name, result in results:
        for note in result.notes:
            _say(f"{name}: {note}")
    diagnosed = diagnose([result for _, result in results], catalogue)
    if as_json:
        write(json.dumps(diagnosed.to_json(), indent=2))
    else:
        _print(diagnosed)
    if site is not None:
        _write_site(diagnosed, site, catalogue, files)
    return 1 if diagnosed.diagnoses or diagnosed.unexplained else 0


def _results(files: Sequence[str], catalogue: Catalogue) -> list[tuple[str, Result]]:
    """Each file's, with its name; what is no result of a probe is read as audit reads it, all together."""
    faults: list[object] = []
    results: list[tuple[str, Result]] = []
    logs: list[str] = []
    for file in files:
        name = shown_path(Path(file))
        try:
            text = _text(file)
            if text is None:
                logs.append(file)
            else:
                results.append((name, result_of_audit(text) if _is_audit(text) else from_json(text)))
        except OSError as cause:
            faults.append(f"{name}: cannot be read: {cause.strerror}")
        except NotAResult as fault:
            faults.append(f"{name}: {fault}")
    if faults:
        raise BadInput(faults)
    if logs:
        results.append((", ".join(shown_path(Path(file)) for file in logs), result_of_logs(logs, catalogue)))
    return results


def _text(file: str) -> str | None:
    """The text of a result or an audit; None where the file is neither, by how it begins."""
    if file == "-":
        return sys.stdin.read(MOST_OCTETS)
    if Path(file).is_dir():
        return None
    with Path(file).open("rb") as opened:
        octets = opened.read(_BEGINNING)
        if not octets.lstrip().startswith(b"{") or not any(key in octets for key in _KEYS):
            return None
        octets += opened.read(MOST_OCTETS + 1 - len(octets))
    if len(octets) > MOST_OCTETS:
        raise NotAResult(f"has more than {MOST_OCTETS:,} octets, and is no result of a probe")
    return octets.decode("utf-8", "replace")


def _is_audit(text: str) -> bool:
    return '"probe"' not in text[:_BEGINNING] and '"sources"' in text[:_BEGINNING]


def _print(diagnosed: Diagnosed) -> None:
    console = report()
    if not diagnosed.diagnoses:
        console.print("No behaviour is needed to explain what was seen.")
    for each in diagnosed.diagnoses:
        head = Text(visible(f"{each.rank}. {each.behaviour}"), "bold")
        head.append(visible("".join(f"  {key}: {_shown(value)}" for key, value in each.parameters.items())), "default")
        console.print(head)
        for word in _words(each):
            console.print(Indented(Text(visible(word[1])), 12, Text(word[0])))
    for undecided in diagnosed.undecided:
        console.print(Indented(Text(visible(" or ".join(undecided.between))), 13, Text("undecided")))
        console.print(Indented(Text(visible(undecided.next)), 13, Text("   next")))
    for left in diagnosed.unexplained:
        console.print(Indented(Text(visible(left)), 13, Text("unexplained")))


def _words(each: Diagnosis) -> list[tuple[str, str]]:
    words = [("   at", ", ".join(each.services))] if each.services else []
    words += [("   for", word) for word in each.speaks_for]
    return words + [("   against", word) for word in each.speaks_against]


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _write_site(diagnosed: Diagnosed, site: Path, catalogue: Catalogue, files: Sequence[str]) -> None:
    name = re.sub(r"[^a-z0-9-]+", "-", site.stem.lower()).strip("-") or "diagnosed"
    users = users_of(diagnosed)
    try:
        if users is not None:
            site.with_name(f"{name}.users").write_text(users, encoding="utf-8")
        site.write_text(site_text(diagnosed, name, catalogue, [Path(file).name for file in files]), encoding="utf-8")
        load_site(str(site), catalogue)
    except InvalidFiles as invalid:
        site.unlink()
        raise BadInput(["no site can be made of this result:", *invalid.faults]) from None
    except OSError as cause:
        raise BadInput([f"{shown_path(site)}: cannot be written: {cause.strerror}"]) from None
    if users is not None:
        _say(f"{name}.users beside it holds lab:lab: the customer's own passwords are not known")


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
