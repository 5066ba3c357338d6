"""What is odd about policies and sites that load, each said with what would mend it.

Knows values that were validated at the edge; what makes a file invalid is the loader's. A finding never changes a
verdict.
"""

from collections.abc import Iterable

from tierwall.policy.lint import lists, rules, sites, vendors
from tierwall.policy.lint.finding import Code, Finding, Severity
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

__all__ = ["Code", "Finding", "Severity", "lint_catalogue", "lint_site"]


def lint_catalogue(catalogue: Catalogue, read_before: str | None = None) -> tuple[Finding, ...]:
    """Everything odd about the vendor policies, the most severe first.

    `read_before`: the day (ISO 8601) before which a document that was read has become old, where there is one.
    """
    found = [finding for vendor in catalogue.vendors for check in vendors.CHECKS for finding in check(vendor)]
    if read_before is not None:
        found += [finding for vendor in catalogue.vendors for finding in vendors.stale(vendor, read_before)]
    return _sorted(found)


def lint_site(site: Site, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Everything odd about the site and what it admits of the catalogue, the most severe first."""
    return _sorted(
        finding for check in (*sites.CHECKS, *lists.CHECKS, *rules.CHECKS) for finding in check(site, catalogue)
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    rank = list(Severity)
    return tuple(sorted(findings, key=lambda finding: rank.index(finding.severity)))
