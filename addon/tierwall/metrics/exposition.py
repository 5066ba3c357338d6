"""Samples -> Prometheus's text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

Knows its escapes. Pure.
"""

from collections.abc import Iterable
from typing import Final

from tierwall.metrics.families import FAMILIES, Sample, family_of

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def text(samples: Iterable[Sample]) -> str:
    """A page: families in their own order, each with its help and type."""
    by_family: dict[str, list[str]] = {}
    for name, labels, value in samples:
        by_family.setdefault(family_of(name), []).append(f"{name}{_labels(labels)} {_number(value)}")
    lines: list[str] = []
    for name, family in FAMILIES.items():
        if name in by_family:
            lines += [f"# HELP {name} {family.says}", f"# TYPE {name} {family.kind}", *by_family[name]]
    return "\n".join([*lines, ""])


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
