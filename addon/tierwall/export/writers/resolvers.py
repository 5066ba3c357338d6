"""Lists of names that proxies and resolvers in the cloud take: Zscaler's URL categories, Umbrella's destination lists.

Knows a paste box (one entry a line) and the body of each product's API call.
"""

import json
from itertools import batched
from typing import Final

from tierwall.export.product import File, Job, Limit, Rendered, check, spelled
from tierwall.policy.dialect import Dialect

ZSCALER_ENTRIES: Final = Limit(25_000, "URLs over all custom categories", "Zscaler Help, Ranges & Limitations")
UMBRELLA_REQUEST: Final = 500
"""Destinations a request (Cisco Umbrella API, Destination Lists)."""


def zscaler(job: Job) -> Rendered:
    """The text for the box of a custom category, and the body of POST /api/v1/urlCategories."""
    found = spelled(Dialect.ZSCALER, job.names)
    check(ZSCALER_ENTRIES, len(found.spellings))
    body = {
        "configuredName": job.name,
        "superCategory": "USER_DEFINED",
        "customCategory": True,
        "type": "URL_CATEGORY",
        "description": job.summary,
        "urls": list(found.spellings),
        "dbCategorizedUrls": [],
        "keywords": [],
    }
    return Rendered(
        files=(
            File(".txt", "".join(f"{line}\n" for line in found.spellings), "a custom URL category, one entry a line"),
            File(".json", json.dumps(body, indent=2) + "\n", "the body of POST /api/v1/urlCategories"),
        ),
        wider=found.wider,
        short=found.short,
        left=found.left,
    )


def zscaler_label(name: str) -> str | None:
    """Why a URL category does not take the name (URL Format Guidelines)."""
    labels = name.split(".")
    if len(labels) < 2:
        return "a top-level domain alone cannot be added"
    if any("_" in label for label in labels[-2:]):
        return "Zscaler takes no underscore in the top or second level of a domain"
    return None


def umbrella(job: Job) -> Rendered:
    """The text for an upload, and the bodies of the API's requests, as many as its limit makes necessary."""
    found = spelled(Dialect.UMBRELLA, job.names)
    networks = [str(grant) for grant in job.networks]
    purposes = {spelling: grant.purpose or grant.label for spelling, grant in found.lines}
    purposes |= {str(grant): grant.purpose or grant.label for grant in job.networks}
    entries = [*found.spellings, *networks]
    batches = list(batched(entries, UMBRELLA_REQUEST))
    bodies = tuple(
        File(
            f"-{at}.json",
            json.dumps([{"destination": each, "comment": purposes[each]} for each in batch], indent=2) + "\n",
            f"the body of request {at} of {len(batches)} to POST /policies/v2/destinationlists/ID/destinations",
        )
        for at, batch in enumerate(batches, start=1)
    )
    return Rendered(
        files=(File(".txt", "".join(f"{line}\n" for line in entries), "a destination list, one entry a line"), *bodies),
        wider=found.wider,
        left=found.left,
    )
