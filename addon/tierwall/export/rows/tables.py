"""What everybody can take: their rows in the table of products.

Knows what each can carry, its documents, its limits, and what is not verified; the syntax is in its module.
"""

from typing import Final

from tierwall.export.product import Carries, Product, ProductId
from tierwall.export.writers import tables
from tierwall.policy.dialect import Dialect

_EVERYTHING: Final = Carries(
    networks=True, ipv6=True, ports=True, udp=True, udp_names=True, comments=True, denials=True
)

ROWS: Final[dict[ProductId, Product]] = {
    ProductId.CSV: Product(
        title="a table as CSV",
        documents=("RFC 4180",),
        carries=_EVERYTHING,
        bypass=_EVERYTHING,
        render=tables.table,
        inbound=True,
        dialect=Dialect.LITERAL,
        checked="read back by tierwall's reader",
    ),
    ProductId.MARKDOWN: Product(
        title="a table as Markdown",
        documents=("CommonMark, and the tables of GitHub's",),
        carries=_EVERYTHING,
        bypass=_EVERYTHING,
        render=tables.markdown,
        inbound=True,
        dialect=Dialect.LITERAL,
        checked="read back from its cells",
    ),
    ProductId.JSON: Product(
        title="JSON",
        documents=("RFC 8259",),
        carries=_EVERYTHING,
        bypass=_EVERYTHING,
        render=tables.objects,
        inbound=True,
        dialect=Dialect.LITERAL,
        checked="read back",
    ),
    ProductId.M365_JSON: Product(
        title="JSON of the shape of Microsoft 365's endpoints",
        documents=("Microsoft Learn, Office 365 IP Address and URL web service",),
        carries=Carries(networks=True, ipv6=True, ports=True, udp=True, udp_names=True),
        bypass=Carries(networks=True, ipv6=True, ports=True),
        render=tables.endpoint_sets,
        inbound=True,
        dialect=Dialect.LITERAL,
        checked="read back",
    ),
}
