"""The dialect of a site and of its entries says how their hosts and lists are read."""

from tests.loader.files import Write
from tierwall.loader import Fault, load_site
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue
from tierwall.policy.site import ListEntry, Site

HEAD = "version: 1\nsite: lab\n"


def _load(text: str, write: Write, catalogue: Catalogue) -> Site:
    return load_site(str(write("lab.yaml", HEAD + text)), catalogue)


def _listed(entry: object) -> ListEntry:
    assert isinstance(entry, ListEntry)
    return entry


def test_hosts_and_lists_are_read_in_the_dialect_of_the_entry_or_the_site(write: Write, catalogue: Catalogue) -> None:
    write("edl.txt", "*.Acme.example/ the vendor\n")
    site = _load(
        """\
dialect: squid
admit:
  - {hosts: [.Corp.example]}
  - {hosts: ["*.corp.example/"], dialect: pan-os}
  - {file: edl.txt, dialect: pan-os, format: edl}
deny: [{hosts: [.files.corp.example]}]
""",
        write,
        catalogue,
    )

    entries = [_listed(entry) for entry in (*site.admit, *site.deny)]
    assert [(entry.dialect, entry.hosts) for entry in entries] == [
        (Dialect.SQUID, (".corp.example",)),
        (Dialect.PAN_OS, ("*.corp.example/",)),
        (Dialect.PAN_OS, ("*.acme.example/",)),
        (Dialect.SQUID, (".files.corp.example",)),
    ]


def test_the_dialect_of_what_a_site_extends_is_its_own_too(write: Write, catalogue: Catalogue) -> None:
    write("base.yaml", "version: 1\nsite: base\ndialect: umbrella\nadmit: [{hosts: [corp.example]}]\n")

    site = _load("extends: ./base.yaml\n", write, catalogue)

    assert (site.dialect, _listed(site.admit[0]).dialect) == (Dialect.UMBRELLA, Dialect.UMBRELLA)


def test_what_a_products_dialect_rejects_is_a_warning_and_stays(write: Write, catalogue: Catalogue) -> None:
    write("lab.yaml", HEAD + 'dialect: umbrella\nadmit:\n  - {hosts: ["*.8x8.vc", com]}\n')
    warnings: list[Fault] = []

    site = load_site("lab.yaml", catalogue, warnings.append)

    assert _listed(site.admit[0]).hosts == ("*.8x8.vc", "com")
    assert list(map(str, warnings)) == [
        (
            "lab.yaml:5: admit[0].hosts[0]: `*.8x8.vc` covers nothing, because `umbrella` rejects it: "
            "asterisks are not supported: every domain has an implied one before it"
        ),
        (
            "lab.yaml:5: admit[0].hosts[1]: `com` covers the whole public suffix `com`: "
            "does the network really admit that?"
        ),
    ]
