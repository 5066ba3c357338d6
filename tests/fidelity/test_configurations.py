"""A configuration does what a real Squid does with it: the short form of `make fidelity`."""

from pathlib import Path

from tests.fidelity.configurations import ask_both, generated
from tests.support.needs import needs

pytestmark = needs("squid")


def test_squid_and_judge_say_the_same_of_generated_configurations(open_folder: Path) -> None:
    pairs = list(ask_both(open_folder, generated(configurations=25, destinations=5)))

    assert [pair for pair in pairs if not pair.agree] == []
    assert sum(pair.real is True for pair in pairs) > len(pairs) / 20
