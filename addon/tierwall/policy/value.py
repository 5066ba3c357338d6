"""How values are declared that come by the thousand: frozen to mypy, and as cheap to make as if they were not.

Knows dataclasses only.
"""

from dataclasses import dataclass, field
from typing import dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value[T](cls: type[T]) -> type[T]:
    """A dataclass that mypy holds to be frozen. Python's own check costs more than half of making one."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
