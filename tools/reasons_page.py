"""docs/reasons.md, from the reasons themselves: `python -m tools.reasons_page` writes it.

Knows Markdown. When a reason holds is said below it in policy/attempt.py.
"""

from pathlib import Path
from typing import Final

from tierwall.cli.topics.topics import meanings

PAGE: Final = Path(__file__).parents[1] / "docs" / "reasons.md"

_HEAD: Final = """\
# Reasons

Written by `make docs` from policy/attempt.py, and checked by a test.

Why an attempt is not let through: `event.reason` in the journal, `X-Tierwall-Reason` in a refusal, the word behind the
destination on the console. They are asked in this order, and the first that holds wins. Those of the vendors' rules are
asked after those of the site's own entries: `port-closed` and `wildcard-gap` before `tier-closed` where an entry of the
site comes close, after it where only a vendor's does.

| reason | when |
| --- | --- |
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"| `{reason}` | {text} |\n" for reason, text in meanings())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
