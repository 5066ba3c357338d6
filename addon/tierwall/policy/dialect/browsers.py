"""The tables of browsers' policies: how they read the filters of their allowlists, as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves.
"""

from typing import Final

from tierwall.policy.dialect.common import ADDRESS, IPV4, PATH, PORT, as_network, stars
from tierwall.policy.dialect.globs import everything
from tierwall.policy.dialect.product import Case, Product, domain, exactly, form

_USER = r"(?:[^/@#]*@)?"
"""`user:pass@`, which is ignored."""
_BEHIND = r"(?::443)?[./]?(?:#.*)?"
"""The port of HTTPS, a `/` or `.` and a `#fragment`, the last two of which are ignored."""
_BEFORE = rf"(?:(?:https|wss)://{_USER})?"

CHROME_POLICY: Final = Product(
    title="Chrome, URLAllowlist",
    documents=(
        "Chrome Enterprise help, URL blocklist filter format (https://support.google.com/chrome/a/answer/9942583)",
        "The Chromium Projects, URL Blocklist filter format",
        "https://www.chromium.org/administrators/url-blocklist-filter-format/",
    ),
    cases=(
        Case(
            form="`x`, `https://x`, `x:443`",
            example="example.com",
            matches=form(rf"{_BEFORE}<x>{_BEHIND}"),
            covers=domain,
        ),
        Case(form="`.x`", example=".example.com", matches=form(rf"{_BEFORE}\.<x>{_BEHIND}"), covers=exactly),
        Case(form="`*`, `.*`", example="*", matches=form(rf"{_BEFORE}\.?\*{_BEHIND}"), covers=everything),
        Case(
            form="an address",
            example="192.0.2.1",
            matches=form(rf"{_BEFORE}\.?(?P<network>{IPV4}){_BEHIND}"),
            covers=as_network,
        ),
        Case(
            form="`x:port` of another port than HTTPS",
            example="example.com:8443",
            matches=form(rf"(?:{_BEFORE})\.?[^/:#]*:[0-9*]*[./]?(?:#.*)?"),
            why="it is for that port alone: list the host in an entry of its own, with its `ports`",
        ),
        Case(
            form="`http://x`, other schemes",
            example="http://example.com",
            matches=form(r"[a-z][a-z0-9+.-]*://.*|[a-z][a-z0-9+-]*:\*?"),
            why="it is for another scheme than HTTPS: list the host in an entry of its own, with its `ports`",
        ),
        ADDRESS,
        PATH,
        stars("a filter has `*` only as the whole host"),
    ),
    otherwise="a filter is a host, with or without a leading dot",
    exact=".{}",
    below="{}",
    note="Only the allowlist is read; a URLBlocklist beside it is not.",
)

_SCHEME = r"(?:\*|https|wss)://"

FIREFOX_POLICY: Final = Product(
    title="Firefox, WebsiteFilter exceptions",
    documents=(
        "Mozilla policy templates, WebsiteFilter (https://mozilla.github.io/policy-templates/#websitefilter)",
        "MDN, Match patterns in extension manifests",
        "https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Match_patterns",
    ),
    cases=(
        Case(
            form="`*://x/*`, `https://x/*`",
            example="*://example.com/*",
            matches=form(rf"{_SCHEME}<x>/\*"),
            covers=exactly,
        ),
        Case(
            form="`*://*.x/*`, `https://*.x/*`",
            example="*://*.example.com/*",
            matches=form(rf"{_SCHEME}\*\.<x>/\*"),
            covers=domain,
        ),
        Case(
            form="`*://*/*`, `<all_urls>`",
            example="<all_urls>",
            matches=form(rf"<all_urls>|{_SCHEME}\*/\*"),
            covers=everything,
        ),
        Case(
            form="`http://x/*`, other schemes",
            example="http://example.com/*",
            matches=form(r"(?!https:|wss:)[a-z][a-z0-9+.-]*://.*"),
            why="it is for another scheme than HTTPS: list the host in an entry of its own, with its `ports`",
        ),
        Case(
            form="`*://x/path`",
            example="*://example.com/meet",
            matches=form(rf"{_SCHEME}[^/]+(?:/.+)?"),
            why="a pattern that is meant for a host ends in `/*`, and its host is a name, `*.` before one, or `*`",
        ),
        ADDRESS,
        PATH,
        PORT,
        stars("a match pattern begins with a scheme, `*://`"),
    ),
    otherwise="a match pattern is a scheme, a host and a path: `*://*.example.com/*`",
    exact="*://{}/*",
    below="*://*.{}/*",
    note=(
        "Firefox asks this of pages and frames that are opened, not of what they load. What stands under `Block`, "
        "usually `<all_urls>`, is not read."
    ),
)
