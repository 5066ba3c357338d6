"""Every object in deploy/kubernetes is one that Kubernetes' own schemas allow, of an old release and a new one."""

from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.test_manifests import FOLDERS, objects


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize(
    "found", [each for folder in FOLDERS for each in objects(folder)], ids=lambda each: f"{each['kind']}"
)
def test_it_is_as_the_schema_says(found: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(found, version, strict=True)
