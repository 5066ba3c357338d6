"""Text in Markdown as trackers read it (GitHub's dialect): what a client or a log sent stays text.

Knows Markdown's special characters.
"""


def prose(text: str) -> str:
    """Text as text: no markup, no links, no HTML, no mentions."""
    for special in "\\`*_[]<>|#@~":
        text = text.replace(special, f"\\{special}")
    return text.replace("://", ":\u200b//")


def code(text: str) -> str:
    """A code span in a table cell; it cannot hold a backtick, and a bar ends the cell."""
    return f"`{text.replace('`', "'").replace('|', '\\|')}`"
