"""docs/vendors.md, from the bundled policies: `python -m tools.vendor_page` writes it.

Knows Markdown and the catalogue. A test says when the page is stale.
"""

from collections.abc import Iterator
from pathlib import Path

from tierwall.loader import load_catalogue
from tierwall.policy.model import CitedDocument, Rule, Service, Vendor
from tierwall.report.vendor import destinations, figures

PAGE = Path(__file__).parents[1] / "docs" / "vendors.md"

_HEAD = """\
# Vendors

Written by `make docs` from the policies in policies/vendors/, and checked by a test: edit the policies.
`tierwall vendors` says the same on a terminal, `tierwall vendors ID` all of one vendor with every rule.

All of these are in the catalogue: a denial names each of them that it breaks, the most severe tier first. The site
`reference` admits all that their documents ask for; a site of yours names the vendors that its network is for:
`admit: [{vendor: teams}, {vendor: zoom}]`. How to bring one up to date: [importing.md](importing.md).

| vendor | title | services | rules | documents read |
| --- | --- | --- | --- | --- |
"""

_MISSING = """\
## What is not here

Policies stand on public documents alone. What could not be found is not made up:

- **Mentimeter**, **Poll Everywhere**: no public document with their hosts and ports was found. Of **Slido** there is
  what Webex's document lists for it, and nothing of its own.
- **Zoom**: the main article (KB0060548) could not be read. What pages that quote it have besides is `inferred`.
- **LiveKit**: the list of single names for firewalls without wildcards could not be read.
- **Pexip**: the table of ports at pexip.me/test/firewall and the networks of Kinly's page could not be read.
- **SpotMe**: rows behind streamyard.com could not be read.
- **Webex**: servers of a customer's own (Video Mesh, Hybrid Data Security, Directory Connector, SIP trunks), time and
  name service, and the metrics of Amplitude, which its document takes back app by app.
- **Jitsi, self-hosted**: the host is yours. Copy the policy, write the host in, and name the copy with `--policy`.
- What documents ask for at *every* destination ("all hosts") is kept and shown, and never admitted by a policy.
"""

_SHOWN = 12
"""Destinations of a rule; the policy has all."""


def page() -> str:
    """The whole page."""
    vendors = load_catalogue([]).vendors
    return _HEAD + "".join(map(_row, vendors)) + "\n" + _MISSING + "".join(map(_section, vendors))


def _row(vendor: Vendor) -> str:
    return f"| [`{vendor.id}`](#{vendor.id}) | {_cell(vendor.title)} | {' | '.join(figures(vendor))} |\n"


def _section(vendor: Vendor) -> str:
    return "\n".join(
        [
            f"\n## {vendor.id}\n",
            f"{vendor.title}. Documents:\n",
            *(f"- {_document(document)}" for document in vendor.documents),
            "\n| service | tier | speaks | without it |\n| --- | --- | --- | --- |",
            *map(_service, vendor.services),
            "\n| rule | destinations | ports | evidence |\n| --- | --- | --- | --- |",
            *map(_rule, vendor.rules),
            *_other_ways(vendor),
            "",
        ]
    )


def _document(document: CitedDocument) -> str:
    title = f"<{document.url}>: {document.title}" if document.url and "{" not in document.url else document.title
    return f"{title}, {f'read {document.retrieved}' if document.retrieved else 'not dated'}"


def _service(service: Service) -> str:
    tier = f"{service.tier} ({service.tier_word})" if service.tier_word else str(service.tier)
    optional = ", optional" if service.optional else ""
    return f"| `{service.id}` | {tier}{optional} | {service.protocol} | {_cell(service.symptom)} |"


def _rule(rule: Rule) -> str:
    named = destinations(rule)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    where = ", ".join(f"`{each}`" for each in named[:_SHOWN]) + more
    ports = ", ".join(map(str, rule.ports)) or "unspecified"
    return f"| `{rule.id}` | {where} | {ports} | {rule.evidence} |"


def _other_ways(vendor: Vendor) -> Iterator[str]:
    for choice in vendor.choices:
        ways = "; or ".join(
            f"{way.title.lower()} ({', '.join(f'`{rule}`' for rule in way.rules)})" for way in choice.ways
        )
        yield f"\nOne of: {ways}."
    for ladder in vendor.ladders:
        steps = " → ".join(step.title for step in ladder.steps)
        yield f"\nFalls back: {steps}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
