"""docs/design.md draws the machine as its table is."""

from tools import machine


def test_the_picture_of_one_connection_is_the_tables() -> None:
    assert machine.PAGE.read_text(encoding="utf-8") == machine.page()
    assert "opening --> dialling: dial" in machine.page()
