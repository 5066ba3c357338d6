"""AWS Network Firewall: a domain list as a stateful rule group, and Suricata rules for what such a list cannot say.

Knows the JSON of create-rule-group and the keywords of the rules; nothing runs them here.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, by_ports, plain
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Limit, Rendered, ascii_line, check, spelled
from tierwall.export.spelling import Form, spell
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Transport

CAPACITY: Final = Limit(30_000, "units of a rule group's capacity", "AWS Network Firewall quotas")
RULES_OCTETS: Final = Limit(2_000_000, "octets of a rules string", "AWS Network Firewall quotas")
FIRST_SID: Final = 1_000_001

SURICATA_FORMS: Final = (Form("{}", 0, 0), Form("*.{}", 1, None))
"""`content:"x"; startswith; endswith` and `content:".x"; endswith`: neither admits anything besides."""


def domain_list(job: Job) -> Rendered:
    """A rule group for each set of ports: TLS by its SNI for 443, HTTP by its Host for 80."""
    files = []
    inexact: list[str] = []
    left: list[tuple[Grant, str]] = []
    notes = []
    groups = by_ports(job.grants)
    for at, (ports, grants) in enumerate(groups, start=1):
        found = spelled(Dialect.AWS_NETWORK_FIREWALL, grants)
        inexact += (*found.wider, *found.short)
        left += found.left
        if not found.spellings:
            continue
        numbers = {each.first for each in ports}
        types = [*(["TLS_SNI"] if 443 in numbers else []), *(["HTTP_HOST"] if 80 in numbers else [])]
        check(CAPACITY, len(found.spellings) * len(types))
        suffix = f"-{at}.json" if len(groups) > 1 else ".json"
        files.append(File(suffix, _group(list(found.spellings), types), f"a rule group: {', '.join(types)}"))
        notes.append(
            f"aws network-firewall create-rule-group --rule-group-name {job.name}-{at} --type STATEFUL "
            f"--capacity {len(found.spellings) * len(types)} --rule-group file://{job.stem}{suffix}"
        )
    return Rendered(
        files=tuple(files), wider=tuple(dict.fromkeys(inexact)), left=tuple(left), notes=(*notes, _HOME_NET)
    )


def suricata(job: Job) -> Rendered:
    """A rule for each pattern and group of ports. The handshake passes first, or no SNI is ever seen."""
    rules: list[str] = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for ports, grants in by_ports(job.grants):
        names = spell(SURICATA_FORMS, [grant for grant in grants if grant.name is not None])
        left += names.left
        inexact += (*names.wider, *names.short)
        rules += _handshake(ports) if names.lines else ()
        for spelling, grant in names.lines:
            rules += (_named(spelling, grant, each) for each in of_transport(ports, Transport.TCP))
        for transport in Transport:
            ranges = of_transport(ports, transport)
            rules += (_addressed(grant, transport, ranges) for grant in grants if grant.network is not None and ranges)
    numbered = [f"{rule} sid:{sid}; rev:1;)" for sid, rule in enumerate(dict.fromkeys(rules), start=FIRST_SID)]
    check(CAPACITY, len(numbered))
    text = job.header(len(numbered)) + "".join(f"{rule}\n" for rule in numbered)
    check(RULES_OCTETS, len(text))
    return Rendered(
        files=(File(".rules", text, "a rules string"),),
        wider=tuple(dict.fromkeys(inexact)),
        left=tuple(left),
        notes=(_HOME_NET,),
    )


_HOME_NET: Final = (
    "HOME_NET is the firewall's own VPC unless a rule variable says otherwise: wrong in an inspection VPC"
)


def _group(targets: list[str], types: list[str]) -> str:
    body = {
        "RulesSource": {
            "RulesSourceList": {"Targets": targets, "TargetTypes": types, "GeneratedRulesType": "ALLOWLIST"}
        },
        "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"},
    }
    return json.dumps(body, indent=2) + "\n"


def _handshake(ports: Sequence[Ports]) -> Iterator[str]:
    for each in of_transport(ports, Transport.TCP):
        port = span(each, ":")
        flow = "flow:not_established, to_server;"
        yield f'pass tcp $HOME_NET any -> $EXTERNAL_NET {port} ({flow} msg:"handshake {port}";'


def _named(spelling: str, grant: Grant, ports: Ports) -> str:
    """HTTP on port 80, whose host Suricata gives in lower case; TLS everywhere else."""
    name = spelling.removeprefix("*.")
    content = f'content:".{name}"; endswith;' if name != spelling else f'content:"{name}"; startswith; endswith;'
    http = (ports.first, ports.last) == (80, 80)
    protocol, buffer, case = ("http", "http.host", "") if http else ("tls", "tls.sni", " nocase;")
    return (
        f"pass {protocol} $HOME_NET any -> $EXTERNAL_NET {span(ports, ':')} "
        f'({buffer}; {content}{case} msg:"{_message(grant)}"; flow:to_server, established;'
    )


def _addressed(grant: Grant, transport: Transport, ranges: Sequence[Ports]) -> str:
    ports = ",".join(span(each, ":") for each in ranges)
    network = "" if grant.network is None else plain(grant.network)
    return f'pass {transport} $HOME_NET any -> {network} [{ports}] (msg:"{_message(grant)}";'


def _message(grant: Grant) -> str:
    """Nothing in it ends the message or the rule."""
    return re.sub(r"[^A-Za-z0-9 .,:*/_-]", "", ascii_line(grant.purpose or grant.label)).replace(":", "")[:200]
