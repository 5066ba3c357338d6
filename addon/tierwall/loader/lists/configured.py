"""A Squid configuration as the entry of a site: what it allows, or one of its access lists.

Knows configurations that were read; how they are read is squid/'s.
"""

from collections.abc import Iterator

from tierwall.loader.faults import Fault, shown_path
from tierwall.loader.lists.content import Content, Listed
from tierwall.loader.lists.formats import Export
from tierwall.loader.lists.squid import Configuration, named, read_configuration
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.access_rules import (
    AccessList,
    AccessRule,
    AccessRules,
    Addresses,
    Condition,
    Decision,
    Expressions,
    Hosts,
)
from tierwall.policy.dialect import Dialect, Rejected, read


def configured(export: Export) -> Content:
    """What the configuration stands for.

    Raises:
        InvalidFiles: Squid does not start with it, or it has no such access list.
    """
    found = read_configuration(export.path)
    if export.acl is not None:
        return _of_lists(found, [named(found, export.path, export.acl)], ())
    if not found.says_access:
        lists = [each for name in found.lists.names() if (each := found.lists.find(name)) and _names_destinations(each)]
        if not lists:
            raise whole_file(export.path, "is no Squid configuration with hosts: it has no `acl NAME dstdomain …`")
        note = "has no `http_access`: taken for a part of a configuration, whose access lists are all admitted"
        return _of_lists(found, lists, (Fault(shown_path(export.path), None, "", note),))
    notes = (*found.notes, *(note for each in found.rules.lists() for note in _rejected(export, each)))
    return Content(rules=found.rules, dialect=Dialect.SQUID, notes=notes, files=found.files)


def _of_lists(found: Configuration, lists: list[AccessList], notes: tuple[Fault, ...]) -> Content:
    tests = [test for each in lists for test in each.tests]
    if all(isinstance(test, Hosts) for test in tests):
        hosts = tuple(host for test in tests if isinstance(test, Hosts) for host in test.spellings)
        return Content((Listed(hosts=hosts),), dialect=Dialect.SQUID, notes=notes, files=found.files)
    rules = tuple(AccessRule(Decision.ALLOW, (Condition(each),), each.place) for each in lists)
    listed = AccessRules(rules, Decision.DENY)
    return Content((Listed(),), listed, Dialect.SQUID, notes, found.files)


def _names_destinations(each: AccessList) -> bool:
    return any(isinstance(test, Hosts | Expressions | Addresses) for test in each.tests)


def _rejected(export: Export, used: AccessList) -> Iterator[Fault]:
    """The entries of an access list that no host meets."""
    line = used.place.rpartition(":")[2]
    for test in (test for test in used.tests if isinstance(test, Hosts)):
        for host in test.spellings:
            if isinstance(found := read(test.dialect, host), Rejected):
                message = f"`{host}` in `{used.name}` covers nothing: {found.why}"
                yield Fault(shown_path(export.path), int(line) if line.isdigit() else None, "", message)
