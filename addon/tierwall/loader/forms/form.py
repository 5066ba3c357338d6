"""What the forms of policy and site files have in common.

Knows pydantic's settings only; the keys are files.py's and behaviours.py's.
"""

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    """A mapping with these keys and no others."""

    # Built when one is first filled: of most forms nobody needs a validator of their own.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)
