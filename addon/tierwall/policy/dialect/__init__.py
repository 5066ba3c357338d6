"""How firewall products read a host pattern: a spelling becomes what it covers, or a reason why not.

Knows spellings and labels; which entries a site has, and what they decide, is index.py's and judge.py's. reading.py has
the values, product.py the form of a table, products.py the tables, globs.py the wildcards that stand anywhere.
"""

from tierwall.policy.dialect.product import Case, Columns, Product
from tierwall.policy.dialect.products import PRODUCTS, Dialect
from tierwall.policy.dialect.reading import ANY, ONE, SOME, NamePart, Part, Reading, Rejected, Shape
from tierwall.policy.dialect.vendors import certain_end, example_of, vendors_part, vendors_pattern
from tierwall.policy.hostname import InvalidHost, normalise

__all__ = [
    "ANY",
    "ONE",
    "PRODUCTS",
    "SOME",
    "Case",
    "Columns",
    "Dialect",
    "NamePart",
    "Part",
    "Product",
    "Reading",
    "Rejected",
    "Shape",
    "canonical",
    "certain_end",
    "doubt",
    "example_of",
    "literally",
    "mend",
    "read",
    "read_of_vendor",
    "spelled",
    "vendors_part",
    "vendors_pattern",
]


def read(dialect: Dialect, spelling: str) -> tuple[Part, ...] | Rejected:
    """What that product takes the spelling to cover. The spelling is canonical (lower case, A-labels)."""
    if dialect is Dialect.LITERAL:
        reading = literally(spelling)
        return (reading,) if isinstance(reading, Reading) else reading
    return PRODUCTS[dialect].read(spelling)


def read_of_vendor(dialect: Dialect, pattern: str) -> tuple[Part, ...] | Rejected:
    """The same of a vendor's pattern: `literal` takes it as the vendor means it, every product as its own spelling."""
    return (vendors_part(pattern),) if dialect is Dialect.LITERAL else read(dialect, pattern)


def literally(pattern: str) -> Reading | Rejected:
    """The same in `literal`, by hand: every pattern of the catalogue, and of lists of a million, is read here."""
    base = pattern.removeprefix("*.")
    if "*" in base or not base:
        return Rejected("a wildcard must be a whole leading label, `*.`")
    if base != pattern:
        return Reading(base, 1, None)
    return Reading(base, 0, 0)


def canonical(raw: str, dialect: Dialect = Dialect.LITERAL) -> str:
    """A spelling in lower case, with A-labels where the product makes them; what no host can hold stays as it is."""
    if raw.isascii() or PRODUCTS[dialect].octets:
        return raw.lower()
    return ".".join(label if label.isascii() else _a_label(label) for label in raw.lower().split("."))


def doubt(dialect: Dialect, spelling: str) -> str | None:
    """What the documentation leaves open about such a spelling, and how it is read here."""
    held = PRODUCTS[dialect].case_of(spelling)
    return None if held is None else held[0].doubt


def mend(dialect: Dialect, name: str, base: str | None = None) -> str:
    """The spelling in that dialect that covers the name: of all below the base where that does it, else of the name."""
    product = PRODUCTS[dialect]
    if base not in {None, name} and product.below is not None and dialect is not Dialect.LITERAL:
        wide = product.below.format(base)
        labels = name.count(".") - str(base).count(".")
        parts = read(dialect, wide)
        if not isinstance(parts, Rejected) and any(isinstance(part, Reading) and part.cover(labels) for part in parts):
            return wide
    return product.exact.format(name)


def spelled(dialect: Dialect, pattern: str) -> str | None:
    """How that dialect spells a literal pattern, an exact name or `*.` before one; None where it has no spelling."""
    product = PRODUCTS[dialect]
    base = pattern.removeprefix("*.")
    if "*" in base:
        return None
    template = product.exact if base == pattern else product.below
    return None if template is None else template.format(base)


def _a_label(label: str) -> str:
    try:
        return str(normalise(label))
    except InvalidHost:
        return label
