"""A document's cases as JUnit XML, for CI: what is broken fails, what was not tested is skipped."""

from xml.etree import ElementTree

from tierwall.events.hostile_text import visible
from tierwall.report.document import Case, Document, Mood


def as_junit(document: Document) -> str:
    """One suite for each group, in the order of the cases."""
    groups: dict[str, list[Case]] = {}
    for case in document.cases:
        groups.setdefault(case.group, []).append(case)
    root = ElementTree.Element("testsuites", _counts(document.cases, visible(document.title)))
    for group, cases in groups.items():
        suite = ElementTree.SubElement(root, "testsuite", _counts(tuple(cases), visible(group)))
        for case in cases:
            _add(suite, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _counts(cases: tuple[Case, ...], name: str) -> dict[str, str]:
    failed = sum(case.mood is Mood.BAD for case in cases)
    skipped = sum(case.mood is Mood.OPEN for case in cases)
    return {"name": name, "tests": str(len(cases)), "failures": str(failed), "skipped": str(skipped), "errors": "0"}


def _add(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(suite, "testcase", {"classname": visible(case.group), "name": visible(case.name)})
    if case.mood is Mood.BAD:
        failure = ElementTree.SubElement(element, "failure", {"message": visible(case.message)})
        failure.text = "\n".join(visible(line) for line in case.detail.splitlines())
    elif case.mood is Mood.OPEN:
        ElementTree.SubElement(element, "skipped", {"message": visible(case.message)})
