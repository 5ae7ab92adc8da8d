"""How tests use chance: `make test` tries the same few examples each time, `make fuzz` many, from another seed."""

import os
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import count

from hypothesis import settings

FEW, MANY = 100, 2_000
"""Examples of a test that says no number of its own, in `make test` and in `make fuzz`."""

settings.register_profile("suite", max_examples=FEW, derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("fuzz", settings.get_profile("suite"), max_examples=MANY, derandomize=False)

_numbers: defaultdict[str, Iterator[int]] = defaultdict(count)


def examples(few: int) -> int:
    """So many in `make test`, and more in `make fuzz` in proportion."""
    return few * settings().max_examples // FEW


def fuzzing() -> bool:
    return settings.get_current_profile_name() == "fuzz"


def fresh_key() -> str:
    """32 hexadecimal digits that no other row has, and the same in each run of a test, whichever ran before it."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    return sha256(f"{test} {next(_numbers[test])}".encode()).hexdigest()[:32]
