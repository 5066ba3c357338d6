"""A filter is a value that goes into the URL and comes back as it was; it shows what it says and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import NOON, Try, picture
from tierwall.dashboard.picture.filters import LONGEST, Filter, query_of, read_filter
from tierwall.dashboard.picture.outcome import Outcome
from tierwall.policy.model import Tier

SEEN = picture(
    Try("https://8x8.vc", client="10.0.0.1").line(),
    Try("https://api.amplitude.com", client="10.0.0.2", second=100).line(),
    Try("https://update.googleapis.example", client="10.0.0.2", second=200).line(),
    Try("wss://acme.vevox.com", site="reference").broken("no-websocket"),
)
_word = st.text(min_size=1, max_size=LONGEST)
FILTERS = st.builds(
    Filter,
    vendor=st.none() | _word,
    service=st.none() | _word,
    tier=st.none() | st.sampled_from(Tier),
    verdict=st.none() | st.sampled_from(Outcome),
    client=st.none() | _word,
    text=st.text(max_size=LONGEST),
    vendors_only=st.booleans(),
    since=st.none() | st.integers(0, 10**12 - 1),
    until=st.none() | st.integers(0, 10**12 - 1),
)


@given(FILTERS)
def test_it_comes_back_from_the_url_as_it_went_in(given_: Filter) -> None:
    assert read_filter(query_of(given_)) == given_


def test_what_filters_nothing_is_not_in_the_url() -> None:
    assert query_of(Filter()) == {}


@pytest.mark.parametrize(
    "query",
    [{"tier": "middle"}, {"verdict": "<b>"}, {"since": "-1"}, {"since": "٣"}, {"until": "9" * 13}, {"other": "x"}],
)
def test_a_query_that_makes_no_sense_filters_nothing(query: dict[str, str]) -> None:
    assert read_filter(query) == Filter()


@pytest.mark.parametrize(
    ("filter_", "places"),
    [
        (Filter(vendor="8x8"), ["8x8.vc", "api.amplitude.com"]),
        (Filter(vendor="8x8", service="analytics"), ["api.amplitude.com"]),
        (Filter(tier=Tier.CORE), ["8x8.vc", "acme.vevox.com"]),
        (Filter(verdict=Outcome.REFUSED), ["api.amplitude.com", "update.googleapis.example"]),
        (Filter(verdict=Outcome.BROKEN), ["acme.vevox.com"]),
        (Filter(client="10.0.0.1"), ["8x8.vc"]),
        (Filter(text="AMPLITUDE"), ["api.amplitude.com"]),
        (Filter(text="no-websocket"), ["acme.vevox.com"]),
        (Filter(text="8x8 tier-closed"), ["api.amplitude.com"]),
        (Filter(vendors_only=True), ["8x8.vc", "acme.vevox.com", "api.amplitude.com"]),
        (Filter(since=int(NOON.timestamp()) + 150), ["update.googleapis.example"]),
        (Filter(until=int(NOON.timestamp()) + 120), ["8x8.vc", "acme.vevox.com", "api.amplitude.com"]),
        (Filter(vendor="8x8", client="10.0.0.9"), []),
    ],
)
def test_it_shows_what_it_says(filter_: Filter, places: list[str]) -> None:
    shown = [row.place.removesuffix(":443") for row in SEEN.rows.values() if filter_.admits(row, SEEN.timeline)]

    assert sorted(shown) == places
