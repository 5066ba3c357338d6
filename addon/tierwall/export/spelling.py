"""Host patterns -> the spellings of one product: exactly where it can, else the narrowest that covers them, and said.

Knows how many labels before a name each form of a spelling covers; nothing of files. What a dialect's forms cover is
asked of the dialect itself, so that the two cannot differ.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

from tierwall.export.grant import Grant
from tierwall.policy.dialect import PRODUCTS, Dialect, Reading, Rejected, Shape, read
from tierwall.policy.lint.covering import takes_in
from tierwall.policy.match.index import HostIndex
from tierwall.public_suffix import is_public_suffix

LABELS: Final = 127
"""No name has more (RFC 1035 section 2.3.4)."""

ALL: Final = (1 << (LABELS + 1)) - 1
APEX: Final = 1
BELOW: Final = ALL & ~APEX

_TEMPLATES: Final = ("^.{}/", "*.{}")
"""Spellings that only some dialects have, for exactly one label below a name."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a spelling, with `{}` for the name, and how many labels before the name it covers."""

    template: str
    fewest: int
    most: int | None

    @property
    def mask(self) -> int:
        """A bit for each number of labels before the name."""
        return mask_of(Reading("", self.fewest, self.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """Grants in one product's spelling."""

    lines: tuple[tuple[str, Grant], ...]
    """Each spelling with the grant that it is for, in the order of the grants."""
    wider: tuple[str, ...] = ()
    """What the spellings admit besides, a line each."""
    short: tuple[str, ...] = ()
    """What of the grants the spellings do not reach."""
    left: tuple[tuple[Grant, str], ...] = ()
    """Grants that no spelling covers, with the reason."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(dict.fromkeys(spelling for spelling, _ in self.lines))


@cache
def forms_of(dialect: Dialect) -> tuple[Form, ...]:
    """The dialect's forms for a name, for all below it, and for one label below it, as it reads them itself."""
    product = PRODUCTS[dialect]
    templates = dict.fromkeys(each for each in (product.exact, product.below, *_TEMPLATES) if each is not None)
    return tuple(form for template in templates if (form := _form(dialect, template)) is not None)


def spell(forms: Sequence[Form], grants: Iterable[Grant], dialect: Dialect | None = None) -> Spelled:
    """The fewest spellings that cover the grants' names and as little else as the forms allow."""
    wanted: dict[str, int] = {}
    grant_of: dict[str, Grant] = {}
    kept: list[tuple[str, Grant]] = []
    widened: list[str] = []
    left: list[tuple[Grant, str]] = []
    asked = list(grants)
    parts = {grant.destination for grant in asked if grant.name is not None}
    for grant in asked:
        match grant.destination:
            case Reading() as reading:
                wanted[reading.base] = wanted.get(reading.base, 0) | mask_of(reading)
                grant_of.setdefault(reading.base, grant)
            case Shape() as shape:
                if grant.spelled is not None and dialect is not None and _same(dialect, grant, parts):
                    kept.append((grant.spelled[1], grant))
                elif "." in shape.tail and not is_public_suffix(shape.tail):
                    wanted[shape.tail] = wanted.get(shape.tail, 0) | BELOW
                    grant_of.setdefault(shape.tail, grant)
                    widened.append(f"`{shape.spelling}` is spelled as all below {shape.tail}")
                else:
                    left.append((grant, "no spelling covers it but one that covers strangers' names too"))
            case _:
                left.append((grant, "it is a network, and this is a list of names"))
    chosen = {base: _choice(tuple(forms), mask) for base, mask in wanted.items()}
    index = HostIndex((grant.name, None) for grant in asked if grant.name is not None)
    for base, found in chosen.items():
        if not found:
            left.append((grant_of[base], f"no spelling covers {_named(base, wanted[base])}"))
    return Spelled(
        lines=(*((form.template.format(base), grant_of[base]) for base, form in _needed(chosen)), *kept),
        wider=(*widened, *_wider(wanted, chosen, index)),
        short=tuple(_short(wanted, chosen)),
        left=tuple(left),
    )


def mask_of(reading: Reading) -> int:
    """A bit for each number of labels before the base that the reading covers."""
    most = LABELS if reading.most is None else min(reading.most, LABELS)
    return ((1 << (most + 1)) - 1) & ~((1 << reading.fewest) - 1)


# Forms


def _form(dialect: Dialect, template: str) -> Form | None:
    name = "name.example"
    parts = read(dialect, template.format(name))
    if isinstance(parts, Rejected) or len(parts) != 1:
        return None
    (part,) = parts
    return Form(template, part.fewest, part.most) if isinstance(part, Reading) and part.base == name else None


def _same(dialect: Dialect, grant: Grant, asked: Container[object]) -> bool:
    """Whether the product takes the site's own spelling for this shape, and for nothing that is not asked for."""
    if grant.spelled is None:
        return False
    parts = read(dialect, grant.spelled[1])
    return not isinstance(parts, Rejected) and grant.destination in parts and all(part in asked for part in parts)


@cache
def _choice(forms: tuple[Form, ...], mask: int) -> tuple[Form, ...]:
    """Misses the least, admits the least besides, and takes the fewest lines, in this order; none where all miss."""
    choices = [choice for count in (1, 2, 3) for choice in combinations(forms, count) if count <= len(forms)]
    reaching = [choice for choice in choices if _union(choice) & mask]
    if not reaching:
        return ()

    def cost(choice: tuple[Form, ...]) -> tuple[int, int, int]:
        union = _union(choice)
        return (mask & ~union).bit_count(), (union & ~mask).bit_count(), len(choice)

    return min(reaching, key=cost)


def _union(choice: Iterable[Form]) -> int:
    union = 0
    for form in choice:
        union |= form.mask
    return union


def _needed(chosen: Mapping[str, tuple[Form, ...]]) -> Iterator[tuple[str, Form]]:
    """Without those that another one takes in whole: some products refuse such a list, and none needs it."""
    spelled = [(base, form) for base, forms in chosen.items() for form in forms]
    index = HostIndex((Reading(base, form.fewest, form.most), (base, form)) for base, form in spelled)
    for base, form in spelled:
        inner = Reading(base, form.fewest, form.most)
        if not any(
            hit.payload != (base, form) and takes_in(hit.fewest, hit.most, inner, hit.labels)
            for hit in index.find(base)
        ):
            yield base, form


# What differs


def _wider(wanted: Mapping[str, int], chosen: Mapping[str, tuple[Form, ...]], asked: HostIndex[None]) -> Iterator[str]:
    for base, forms in chosen.items():
        extra = _union(forms) & ~wanted[base]
        if extra & APEX and any(hit.covers for hit in asked.find(base)):
            extra &= ~APEX
        if extra & BELOW and any(
            not isinstance(hit.base, str) or takes_in(hit.fewest, hit.most, Reading(base, 1, None), hit.labels)
            for hit in asked.find(base)
        ):
            extra &= ~BELOW
        if extra:
            spellings = " and ".join(f"`{form.template.format(base)}`" for form in forms)
            yield f"{spellings} admits besides: {_named(base, extra)} (asked: {_named(base, wanted[base])})"


def _short(wanted: Mapping[str, int], chosen: Mapping[str, tuple[Form, ...]]) -> Iterator[str]:
    for base, forms in chosen.items():
        if forms and (missing := wanted[base] & ~_union(forms)):
            spellings = " and ".join(f"`{form.template.format(base)}`" for form in forms)
            yield f"{spellings} does not reach {_named(base, missing)}"


def _named(base: str, mask: int) -> str:
    """`vevox.app`, `all below vevox.app`, `names more than 5 labels below vevox.app`."""
    words = [base] if mask & APEX else []
    below = mask & BELOW
    if below == BELOW:
        words.append(f"all below {base}")
    elif below:
        fewest = (below & -below).bit_length() - 1
        most = below.bit_length() - 1
        if most == LABELS:
            words.append(f"names more than {fewest - 1} labels below {base}")
        else:
            words.append(f"names {fewest if fewest == most else f'{fewest} to {most}'} labels below {base}")
    return " and ".join(words)
