"""The record that a city leaves behind, read from the demo's home after its stack has ended."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from embedded import postgres
from embedded.home import Home
from embedded.ports import free_ports

STORY = """
    WITH people AS (
        SELECT cases.id AS "case", status, tax_id FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer)
    SELECT tax_id, concat_ws(' ', 'ends as', status) FROM people
    UNION ALL
    SELECT tax_id, concat_ws(
        ' ', 'notice', step, at, kind, hypothesis, stage, rigidity, channel, rung_channel, notices.status)
    FROM notices JOIN people USING ("case")
    UNION ALL
    SELECT tax_id, concat_ws(' ', 'decision', at, kind, hypothesis, replace(reason, "case", 'case'))
    FROM decisions JOIN people USING ("case")
    UNION ALL
    SELECT tax_id, concat_ws(' ', 'payment', paid_on, payments.amount)
    FROM payments JOIN debtors USING (debt) JOIN taxpayers ON taxpayers.id = debtors.taxpayer
    ORDER BY 1, 2
"""


@contextmanager
def database_of(home: Home) -> Iterator[psycopg.Connection[Any]]:
    """Opened by a server of its own."""
    [port] = free_ports(1, besides=set())
    address, server = postgres.address(home, port), postgres.server(home, port)
    server.start()
    try:
        server.until(lambda: postgres.answers(address))
        with psycopg.connect(address) as connection:
            yield connection
    finally:
        server.stop()


def stories(home: Home) -> dict[str, list[str]]:
    """All that happened to each person, by tax id: without an instant of the wall, or an id that chance has drawn."""
    told = defaultdict(list)
    with database_of(home) as connection:
        for tax_id, line in connection.execute(STORY):
            told[tax_id].append(line)
    return dict(told)
