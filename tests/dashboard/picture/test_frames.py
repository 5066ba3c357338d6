"""A page is sent the whole picture once, then only what changed; what it holds in the end is what a new page gets."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.picture.lines import Try, picture
from tierwall.dashboard.picture.filters import Filter
from tierwall.dashboard.picture.frames import SHOWN, View
from tierwall.dashboard.picture.outcome import Outcome

HOSTS = ("8x8.vc", "api.amplitude.com", "www.gravatar.com", "evil.example")
SITES = ("8x8-core-only", "closed", "reference")
TRIES = st.lists(st.tuples(st.sampled_from(HOSTS), st.sampled_from(SITES), st.integers(0, 2000)), max_size=25)


class Page:
    """What a browser makes of frames."""

    def __init__(self) -> None:
        self.rows: dict[int, Any] = {}
        self.cells: dict[tuple[str, str], Any] = {}
        self.columns: list[list[int]] = []

    def take(self, frame: dict[str, Any]) -> None:
        if frame["whole"]:
            self.__init__()  # type: ignore[misc]
        for number in frame["gone"]:
            del self.rows[number]
        self.rows |= {row["number"]: row for row in frame["rows"]}
        self.cells |= {(cell["vendor"], cell["service"]): cell for cell in frame["cells"]}
        self.columns = self.columns[: frame["time"]["from"]] + [list(each) for each in frame["time"]["columns"]]


@given(TRIES, st.sampled_from([Filter(), Filter(verdict=Outcome.WORKS), Filter(text="8x8", vendors_only=True)]))
def test_frame_by_frame_it_comes_to_what_a_new_page_is_sent(tries: list[tuple[str, str, int]], filter_: Filter) -> None:
    seen, view, page, other = picture(), View(filter_), Page(), Page()
    for host, site, second in sorted(tries, key=lambda each: each[2]):
        seen.write(Try(f"https://{host}", site=site, second=second).line())
        page.take(view.frame(seen))
    page.take(view.frame(seen))
    other.take(View(filter_).frame(seen))

    assert (page.rows, page.cells, page.columns) == (other.rows, other.cells, other.columns)


def test_what_did_not_change_is_not_sent_again() -> None:
    seen, view = picture(Try("https://8x8.vc").line()), View(Filter())
    view.frame(seen)
    seen.write(Try("https://api.amplitude.com").line())
    frame = view.frame(seen)

    assert not frame["whole"]
    assert [row["place"] for row in frame["rows"]] == ["api.amplitude.com:443"]
    assert {cell["service"] for cell in frame["cells"]} == {"analytics"}


def test_a_row_that_the_filter_admits_no_more_goes() -> None:
    seen, view = picture(Try("https://8x8.vc").line()), View(Filter(text="works"))
    (row,) = view.frame(seen)["rows"]
    seen.write(Try("https://8x8.vc", site="closed").line())

    assert view.frame(seen)["gone"] == [row["number"]]


def test_a_frame_is_small_however_many_destinations_there_are() -> None:
    line = Try("https://evil.example").line()
    seen = picture(*[line.replace(b"evil.", b"h%d." % at) for at in range(1000)])
    frame = View(Filter()).frame(seen)

    assert len(frame["rows"]) == SHOWN
    assert frame["rows"][0]["place"] == "h999.example:443"
    assert frame["totals"]["destinations"] == 1000


def test_a_picture_that_was_cleared_is_sent_whole() -> None:
    seen, view = picture(Try("https://8x8.vc").line()), View(Filter())
    view.frame(seen)
    seen.clear()
    frame = view.frame(seen)

    assert (frame["whole"], frame["rows"]) == (True, [])
