"""What is told of a failure of our own: its kind and its message, unless that shows what a client said.

Knows exceptions. An error of coding holds the text that could not be coded, and says which character of it was wrong:
in credentials that is a part of a password.
"""


def told(failure: BaseException) -> str:
    """One line for the journal."""
    match failure:
        case UnicodeError():
            return type(failure).__name__
        case _:
            return f"{type(failure).__name__}: {failure}"


def traceable(failure: BaseException) -> BaseException | None:
    """The same for the log, where a traceback ends with the message."""
    return None if isinstance(failure, UnicodeError) else failure
