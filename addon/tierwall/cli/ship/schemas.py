"""`tierwall ship --schema`: what an engine has to be given before events go there.

Knows output only.
"""

import json

from tierwall.cli.output import write
from tierwall.sinks.formats import clickhouse, elasticsearch


def print_schema(engine: str) -> int:
    """Print it."""
    if engine == "clickhouse":
        write(clickhouse.DDL.rstrip("\n"))
    else:
        write(json.dumps(elasticsearch.template(opensearch=engine == "opensearch"), indent=2))
    return 0
