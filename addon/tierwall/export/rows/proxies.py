"""Proxies, resolvers and browsers: their rows in the table of products.

Knows what each can carry, its documents, its limits, and what is not verified; the syntax is in its module.
"""

from typing import Final

from tierwall.export.product import Carries, Limit, Product, ProductId
from tierwall.export.spelling import Form
from tierwall.export.writers import browsers, cloudflare, resolvers, squid
from tierwall.policy.dialect import Dialect

ROWS: Final[dict[ProductId, Product]] = {
    ProductId.SQUID: Product(
        title="Squid",
        documents=("Squid configuration directives acl, http_access, ssl_bump",),
        carries=Carries(networks=True, ipv6=True, ports=True, comments=True, denials=True),
        bypass=Carries(networks=True, ipv6=True, ports=True, comments=True),
        render=squid.squid,
        inbound=True,
        dialect=Dialect.SQUID,
        remainder=ProductId.NFTABLES,
        checked="`squid -k parse`, and a real Squid's verdicts (5.7)",
    ),
    ProductId.ZSCALER: Product(
        title="Zscaler Internet Access, custom URL category",
        documents=("Zscaler Help, URL Format Guidelines", "Zscaler Help, Ranges & Limitations"),
        carries=Carries(),
        bypass=Carries(),
        render=resolvers.zscaler,
        dialect=Dialect.ZSCALER,
        limits=(resolvers.ZSCALER_ENTRIES,),
        checked="read back by tierwall's reader",
        unverified=("the columns of a CSV import: the text is for the box of the category, one entry a line",),
        labels=resolvers.zscaler_label,
    ),
    ProductId.UMBRELLA: Product(
        title="Cisco Umbrella, destination list",
        documents=(
            "Cisco Umbrella User Guide, Wildcards and Destination Lists",
            "Cisco Umbrella API, Destination Lists",
        ),
        carries=Carries(),
        bypass=Carries(),
        render=resolvers.umbrella,
        dialect=Dialect.UMBRELLA,
        limits=(Limit(resolvers.UMBRELLA_REQUEST, "destinations a request", "Cisco Umbrella API, Destination Lists"),),
        checked="read back by tierwall's reader",
        unverified=("that a selective decryption list takes the same entries",),
    ),
    ProductId.CLOUDFLARE_GATEWAY: Product(
        title="Cloudflare Zero Trust Gateway lists",
        documents=(
            "Cloudflare One, Lists",
            "Cloudflare One, Account limits",
            "Cloudflare One, Gateway policies, selectors",
        ),
        carries=Carries(networks=True, ipv6=True),
        bypass=Carries(networks=True, ipv6=True),
        render=cloudflare.gateway_lists,
        inbound=True,
        forms=cloudflare.FORMS,
        limits=(
            Limit(cloudflare.LIST_ENTRIES, "entries of a list (Standard plan)", "Cloudflare One, Account limits"),
            cloudflare.LISTS,
        ),
        unverified=("that a policy `Do Not Inspect` (action `off`) takes these expressions",),
    ),
    ProductId.CHROME_POLICY: Product(
        title="Chrome, Edge and Chromium, managed policy",
        documents=("Chrome Enterprise help, URL blocklist filter format (answer 9942583)",),
        carries=Carries(),
        render=browsers.chrome,
        dialect=Dialect.CHROME_POLICY,
        limits=(browsers.FILTERS,),
        checked="Chromium 156 with the policy: what is listed loads, what is not is never asked for",
    ),
    ProductId.FIREFOX_POLICY: Product(
        title="Firefox, policies.json",
        documents=("Firefox policy templates, WebsiteFilter", "MDN, Match patterns in extension manifests"),
        carries=Carries(),
        render=browsers.firefox,
        forms=browsers.FIREFOX_FORMS,
        limits=(browsers.FIREFOX_PATTERNS,),
        checked="Firefox 153 with the policy: what is listed loads, what is not is never asked for",
    ),
    ProductId.PAC: Product(
        title="a proxy auto-configuration file",
        documents=("MDN, Proxy Auto-Configuration file",),
        carries=Carries(networks=True, ipv6=True, ports=True, comments=True),
        render=browsers.pac,
        forms=(Form("{}", 0, 0), Form("*.{}", 1, None)),
        checked="pacparser (SpiderMonkey) on every destination around the list",
    ),
}
