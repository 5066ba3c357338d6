"""docs/dialects.md, from the tables themselves: `python -m tools.dialect_page` writes it.

Knows Markdown and the tables; what a form covers is asked of the index that the judge asks. A test says when the page
is stale.
"""

from collections.abc import Iterator
from pathlib import Path

from tierwall.policy.dialect import PRODUCTS, Case, Columns, Dialect, Product, Reading, Rejected, Shape, read
from tierwall.policy.match.index import HostIndex

PAGE = Path(__file__).parents[1] / "docs" / "dialects.md"

_HEAD = """\
# Dialects: how firewalls read a host pattern

Written by `make docs` from the tables in addon/tierwall/policy/dialect/, and checked by a test: edit the tables.

A site says with `dialect:` which product's reading its lists get, and an entry of `admit` or `deny` may have one of its
own. The tables below say what each spelling covers **as documented in** what is named above them. They are readings of
documents: nobody asked the products, and a version, a setting or a fault of yours may differ. Where a document leaves
something open, the table says so, and so does `tierwall lint` (`undocumented`).

The vendors' patterns are read in the site's dialect too when a site admits them with `vendor:` or `tiers:`, as if the
customer had copied them from the vendor's document: a spelling that the dialect does not know admits nothing. What a
denial breaks is always looked up in `literal`.

Each row has an example for `example.com`, and what that covers:

| column | the name |
| --- | --- |
"""

_TITLES = {
    Columns.APEX: "apex",
    Columns.ONE_LABEL: "1 label",
    Columns.TWO_LABELS: "2 labels",
    Columns.SIX_LABELS: "6 labels",
    Columns.GLUED: "glued",
    Columns.OPEN_END: "open end",
}

_LISTS = """\
## Lists

`{file: NAME, dialect: …}` reads what the product exports. The format is found out from the file, or `format:` says it.

| format | what is read |
| --- | --- |
| `plain` | one spelling a line; `#` begins a comment. For Squid a whole line is an entry |
| `edl` | a PAN-OS external dynamic list: one spelling a line, a comment behind a space; the default for `pan-os*` |
| `squid` | Squid's configuration: what its `http_access` allows, in its order; or the list that `acl:` names |
| `csv` | the column that `column:` names, or that of Umbrella's, Cloudflare's and PAN-OS's exports |
| `chrome-json` | a Chrome policy as JSON, or the export of chrome://policy: the filters of `URLAllowlist` |
| `firefox-json` | policies.json of Firefox: the exceptions of `WebsiteFilter` |
| `fortios` | FortiOS configuration: address objects, wildcard FQDNs, URL filters |
| `pan-set`, `pan-xml` | PAN-OS configuration: address objects and custom URL categories |
| `azure-json`, `bicep` | Azure Firewall's application and network rules, with their ports |
| `aws-json`, `suricata` | AWS rule groups; Suricata rules that pass by `tls.sni`, `http.host` or address |
| `zscaler-json` | URL categories and lists of the ZIA API |
| `mgmt-cli` | Check Point's `mgmt_cli add …` for domains, hosts, networks, ranges and applications |
| `terraform` | a state as JSON: resources of AWS, Azure, Zscaler, FortiOS, PAN-OS, Check Point and Cloudflare |
| `pac` | nothing: a PAC file is a program, and says so in one line |

A product's own format brings its dialect along, where the site says none. Addresses become networks, with the ports
that the product says beside them, and what is neither host nor network (categories, keywords, tags, what is denied)
is a warning with its line. UTF-16, Windows-1252 (CSV) and lines that end in a lone CR are read too. Of a line that
was pasted from a page, from Word or from an e-mail (bullets, quotes, `hxxps://`, `[.]`, a comma behind it) the host
is taken where the dialect knows it and does not know the whole line, and that is a warning; in `squid` never.

What the dialect rejects covers nothing. It is a warning when the site is loaded and a finding of `tierwall lint`, not a
fault: a customer's list holds whatever the customer wrote. (In `literal`, which is nobody's export, it is a fault.)
A file that is not what it says, such as a saved log-in page or a spreadsheet, is a fault.

## A Squid configuration

It is followed as Squid 5.7 follows it, and `make fidelity` asks a real one: lines that go on, comments, `if`,
`include`, `configuration_includes_quoted_values`, list files (looked for beside the configuration, wherever they
were), the order of `http_access` and what holds behind its last line; access lists of the types `dstdomain`,
`dstdom_regex`, `dst`, `port`, `method`, `url_regex`, `ssl::server_name`, `ssl::server_name_regex`, `any-of` and `all-
of`; `ssl_bump` by the name in the ClientHello. What Squid does not start with is a fault with its line.

Differences that stay, each of which is said when the site is loaded where it can be seen:

- Who the client is, users, times, helpers and whatever else cannot be followed is taken as matching, the built-in
  `localhost` too.
- `dst` is asked of the address that a name leads to when it has been resolved. Before that (`tierwall explain`), a
  rule that allows by it holds, and one that denies by it does not.
- Regular expressions are read by RE2: those that refer back (`\\1`) are taken as matching.
- A rule that allows everything leads to no private address: that takes an entry that names it.
- A file without any `http_access`, for which Squid denies everything, is taken for a part of a configuration: all of
  its access lists are admitted.
- An address that no `dstdomain` covers is not looked for in reverse DNS; a request for plain HTTP has no path here.
- What `http_reply_access`, redirectors and ICAP services decide is not followed.

## What lookups cost

A name is looked up in a table by its labels, at a cost that does not grow with the list. What a count of labels cannot
say (open ends, glued suffixes, wildcards in the middle) is kept in a tree of labels beside it, only where a list has
such spellings; a lookup there depends on the name's labels and on the wildcards in one spelling, not on the list.
"""


def page() -> str:
    """The whole page."""
    columns = "".join(f"| {_TITLES[column]} | `{column.value}` |\n" for column in Columns)
    dialects = "".join(_section(dialect, PRODUCTS[dialect]) for dialect in Dialect)
    return f"{_HEAD}{columns}\n{dialects}{_LISTS}"


def _section(dialect: Dialect, product: Product) -> str:
    return "\n".join([*_lines(dialect, product), ""]) + "\n"


def _lines(dialect: Dialect, product: Product) -> Iterator[str]:
    yield f"## `{dialect}`: {product.title}"
    yield ""
    yield "As documented in:"
    yield ""
    yield from (f"- {document}" for document in product.documents)
    yield ""
    yield f"| spelling | example | {' | '.join(_TITLES[column] for column in Columns)} |"
    yield "| --- " * (2 + len(Columns)) + "|"
    known = [case for case in product.cases if case.covers is not None]
    for case in known:
        mark = "" if case.doubt is None else " (?)"
        yield f"| {_cell(case.form)}{mark} | `{case.example}` | {' | '.join(_covered(dialect, case))} |"
    yield ""
    yield "Rejected, so that it covers nothing:"
    yield ""
    for case in product.cases:
        if case.covers is None:
            yield f"- {case.form} such as `{case.example}`: {case.why}"
    yield f"- anything else: {product.otherwise}"
    yield ""
    doubts = [case for case in product.cases if case.doubt is not None]
    if doubts:
        yield "Not documented:"
        yield ""
        yield from (f"- {case.form}: {case.doubt}" for case in doubts)
        yield ""
    below = "no spelling does" if product.below is None else f"`{product.below.format('example.com')}`"
    yield f"To cover the domain: `{product.exact.format('example.com')}`. To cover what is below it: {below}."
    if product.note is not None:
        yield ""
        yield product.note


def _covered(dialect: Dialect, case: Case) -> Iterator[str]:
    parts = read(dialect, case.example)
    covered = () if isinstance(parts, Rejected) else parts
    index = HostIndex((part, None) for part in covered if isinstance(part, Reading | Shape))
    return ("yes" if any(hit.covers for hit in index.find(column.value)) else "no" for column in Columns)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
