"""The vendors' documents as text, to hold the policies against: documents/*.txt are copies, word for word."""

import re
from pathlib import Path

from tierwall.policy.model import Rule, Vendor

_DOCUMENTS = Path(__file__).parent / "documents"


def document(name: str) -> str:
    """The whole text of one document."""
    return (_DOCUMENTS / f"{name}.txt").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands between a Markdown heading and the next one."""
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(table: str, columns: int) -> list[list[str]]:
    """The cells of a table whose cells lost their content, and with it the lines that they stood on."""
    cells = [" ".join(cell.split()) for cell in table.split("|")]
    return [cells[at : at + columns] for at in range(0, len(cells), columns) if len(cells[at : at + columns]) > 1]


def ports(rule: Rule) -> set[str]:
    """The rule's ports as policies spell them."""
    return {str(each) for each in rule.ports}


def rules_of(vendor: Vendor, service: str) -> list[Rule]:
    """The rules that serve a service, in the file's order."""
    return [rule for rule in vendor.rules if service in rule.services]
