"""What the keys of a form mean: the text below each of them in files.py.

Knows source code only, and reads it when somebody asks; pydantic would read it whenever the package is imported.
"""

import ast
import inspect
from functools import cache
from itertools import pairwise

from pydantic import BaseModel

from tierwall.loader.forms.behaviours import BehaviourForm
from tierwall.policy.behaviour import BY_NAME


@cache
def descriptions(form: type[BaseModel]) -> dict[str, str]:
    """The description of each key, inherited ones too, by the key as files spell it."""
    found: dict[str, str] = {}
    for parent in reversed(form.__mro__):
        if issubclass(parent, BaseModel) and parent is not BaseModel:
            described = BY_NAME.get(parent.made_from, parent) if issubclass(parent, BehaviourForm) else parent
            found |= {_key(form, name): text for name, text in below_attributes(described) if name in form.model_fields}
    return found


def _key(form: type[BaseModel], attribute: str) -> str:
    return form.model_fields[attribute].alias or attribute


def below_attributes(form: type) -> list[tuple[str, str]]:
    """The text below each annotated attribute of a class, in its order."""
    definition = ast.parse(inspect.getsource(form)).body[0]
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return [
        (attribute.target.id, text.value.value)
        for attribute, text in pairwise(body)
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    ]
