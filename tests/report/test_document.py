"""A table of a report says nothing where there is nothing to say."""

from tierwall.report.document import Table

TABLE = Table(
    head=("event", "when", "size", "is"),
    rows=(("a", "", "1", "broken"), ("b", "", "", "works")),
    numbers=frozenset({2}),
    codes=frozenset({0, 1}),
    words=frozenset({3}),
)


def test_a_column_that_no_row_has_anything_in_is_left_out_and_the_others_keep_their_kind() -> None:
    assert TABLE.filled() == Table(
        head=("event", "size", "is"),
        rows=(("a", "1", "broken"), ("b", "", "works")),
        numbers=frozenset({1}),
        codes=frozenset({0}),
        words=frozenset({2}),
    )


def test_a_table_that_is_full_stays_as_it_is() -> None:
    assert TABLE.filled().filled() == TABLE.filled()
