"""The profile of `make fuzz`."""

from hypothesis import HealthCheck, settings

from tests.fuzz.__main__ import EXAMPLES

settings.register_profile(
    "fuzz", max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=False
)
