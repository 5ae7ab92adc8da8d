from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from channels.coalescing import Coalescing
from channels.mail_gateway import Receipt, Unanswered

NEVER = 30.0


class Stopped(Exception):
    pass


def test_each_learns_its_own_outcome() -> None:
    def send(items: Sequence[int]) -> list[Receipt | Exception]:
        return [Receipt("sendgrid", str(item), "queued") for item in items]

    company = Coalescing(send, NEVER, most=8)
    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda item: company.join(item, "text", str(item)), range(8)))
    assert [receipt.provider_id for receipt in receipts] == [str(item) for item in range(8)]


def test_when_the_one_that_sends_is_stopped_the_others_dont_wait_for_ever() -> None:
    def send(items: Sequence[int]) -> list[Receipt | Exception]:
        raise Stopped

    company = Coalescing(send, NEVER, most=4)

    def outcome(item: int) -> type[Exception] | None:
        try:
            company.join(item, "text", str(item))
        except Exception as error:
            return type(error)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = Counter(threads.map(outcome, range(4)))
    assert outcomes == {Stopped: 1, Unanswered: 3}


def test_groups_hold_no_more_than_they_may() -> None:
    sizes: list[int] = []

    def send(items: Sequence[int]) -> list[Receipt | Exception]:
        sizes.append(len(items))
        return [Receipt("sendgrid", None, "queued")] * len(items)

    company = Coalescing(send, NEVER, most=3)
    with ThreadPoolExecutor(9) as threads:
        list(threads.map(lambda item: company.join(item, "text", str(item)), range(9)))
    assert sizes == [3, 3, 3]
