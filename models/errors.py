"""The one kind of error that people read."""


class Refusal(Exception):
    """What was asked can't be done; `str(refusal)` is the clear sentence that the person reads.

    It says what is wrong, where (file, line, field) and what to do, and holds no person's data.
    """
