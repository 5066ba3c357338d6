"""The table of products: what each can carry, with its documents, limits and renderer.

Knows every product by its id; how one is written is in its module. docs/export.md is made from this table.
"""

from enum import StrEnum
from typing import Final

from tierwall.export import pan_os, resolvers, squid, tables
from tierwall.export.product import Carries, Limit, Product
from tierwall.policy.dialect import Dialect


class ProductId(StrEnum):
    """What `--to` takes."""

    PAN_EDL = "pan-edl"
    PAN_SET = "pan-set"
    SQUID = "squid"
    ZSCALER = "zscaler"
    UMBRELLA = "umbrella"
    CSV = "csv"
    MARKDOWN = "markdown"
    JSON = "json"
    M365_JSON = "m365-json"


_EVERYTHING: Final = Carries(networks=True, ipv6=True, ports=True, udp=True, bypass=True, comments=True, denials=True)

PRODUCTS: Final[dict[ProductId, Product]] = {
    ProductId.PAN_EDL: Product(
        title="PAN-OS external dynamic lists",
        documents=(
            "Palo Alto Networks, Formatting Guidelines for an External Dynamic List",
            "Palo Alto Networks, Guidelines for URL Category Exceptions",
        ),
        carries=Carries(networks=True, ipv6=True, bypass=True),
        render=pan_os.dynamic_list,
        dialect=Dialect.PAN_OS,
        remainder="pan-set",
        limits=(pan_os.EDL_ENTRIES, Limit(30, "lists with a source of their own", "PAN-OS 8.0 web help")),
        checked="read back by tierwall's reader",
        unverified=("how many entries a list may have on your model: List Capacities shows it",),
    ),
    ProductId.PAN_SET: Product(
        title="PAN-OS set commands",
        documents=("PAN-OS CLI Quick Start, Use the CLI", "Palo Alto Networks, Guidelines for URL Category Exceptions"),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, bypass=True, comments=True),
        render=pan_os.set_commands,
        dialect=Dialect.PAN_OS,
        unverified=(
            "no PAN-OS ran the commands: zones are `any`, and the rules go to the end of the rulebase",
            "a URL category decides on names in HTTP and TLS only, whatever the port",
        ),
    ),
    ProductId.SQUID: Product(
        title="Squid",
        documents=("Squid configuration directives acl, http_access, ssl_bump",),
        carries=Carries(networks=True, ipv6=True, ports=True, bypass=True, comments=True, denials=True),
        render=squid.squid,
        dialect=Dialect.SQUID,
        checked="`squid -k parse`, and a real Squid's verdicts (5.7)",
    ),
    ProductId.ZSCALER: Product(
        title="Zscaler Internet Access, custom URL category",
        documents=("Zscaler Help, URL Format Guidelines", "Zscaler Help, Ranges & Limitations"),
        carries=Carries(bypass=True),
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
        carries=Carries(bypass=True),
        render=resolvers.umbrella,
        dialect=Dialect.UMBRELLA,
        limits=(Limit(resolvers.UMBRELLA_REQUEST, "destinations a request", "Cisco Umbrella API, Destination Lists"),),
        checked="read back by tierwall's reader",
        unverified=("that a selective decryption list takes the same entries",),
    ),
    ProductId.CSV: Product(
        title="a table as CSV",
        documents=("RFC 4180",),
        carries=_EVERYTHING,
        render=tables.table,
        dialect=Dialect.LITERAL,
        checked="read back by tierwall's reader",
    ),
    ProductId.MARKDOWN: Product(
        title="a table as Markdown",
        documents=("CommonMark, and the tables of GitHub's",),
        carries=_EVERYTHING,
        render=tables.markdown,
        dialect=Dialect.LITERAL,
        checked="read back from its cells",
    ),
    ProductId.JSON: Product(
        title="JSON",
        documents=("RFC 8259",),
        carries=_EVERYTHING,
        render=tables.objects,
        dialect=Dialect.LITERAL,
        checked="read back",
    ),
    ProductId.M365_JSON: Product(
        title="JSON of the shape of Microsoft 365's endpoints",
        documents=("Microsoft Learn, Office 365 IP Address and URL web service",),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, bypass=True),
        render=tables.endpoint_sets,
        dialect=Dialect.LITERAL,
        checked="read back",
    ),
}
