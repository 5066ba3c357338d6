"""What clients sent is redacted, cut and spelled out before anybody reads it."""

import pytest

from tierwall.events import Queries, redact_url, visible


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://8x8.vc/room?jwt=eyJ&x=1#part", "https://8x8.vc/room?[redacted]"),
        ("https://user:secret@8x8.vc/", "https://8x8.vc/"),
        ("HTTP://a@b@c/?q", "HTTP://c/?[redacted]"),
        ("//user:p@x/", "//x/"),
        ("/path@here?token", "/path@here?[redacted]"),
        ("https://8x8.vc/#token=1", "https://8x8.vc/"),
        ("https://8x8.vc/a@b", "https://8x8.vc/a@b"),
        ("user:secret@proxy:443", "proxy:443"),
        (" http://user:secret@proxy/", " http://proxy/"),
        ("", ""),
    ],
)
def test_urls_lose_credentials_fragments_and_queries(url: str, redacted: str) -> None:
    assert redact_url(url) == redacted


def test_queries_are_kept_where_somebody_asked() -> None:
    assert redact_url("https://u@8x8.vc/?a=1#b", Queries.KEPT) == "https://8x8.vc/?a=1"


def test_what_a_terminal_acts_on_is_spelled_out() -> None:
    assert visible("a\x1b[31m\u202eé\n") == r"a\x1b[31m\u202eé\x0a"
