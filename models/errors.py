"""The one kind of error that people read."""


class Refusal(Exception):
    """A refusal of what was asked for; `str(refusal)` is the clear sentence that the person reads.

    It says what is wrong, where (file, line, field) and what to do, and holds no person's data.
    """

    def __init__(self, sentence: str, plain: str | None = None) -> None:
        super().__init__(sentence)
        self.plain = plain
        """The same in pt-BR, where a taxpayer may read it."""


class Unreckonable(Refusal):
    """The amount owed on a day can't be told, since a rate or a rule is missing. It is never taken for zero."""

    def __init__(self, sentence: str, lacks: str) -> None:
        super().__init__(sentence)
        self.lacks = lacks
        """The same in pt-BR and in few words, for the case that waits for it."""
