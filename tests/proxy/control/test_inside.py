"""Of several sites that are served the first knows the others, and each is there once."""

from tests.support.insides import inside
from tierwall.proxy.control.inside import Inside


def test_the_first_leads_the_others() -> None:
    second, third = inside(), inside()
    first: Inside = inside(others=(second, third))

    assert first.every == (first, second, third)
    assert second.every == (second,)
