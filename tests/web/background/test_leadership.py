"""The workers beside the web leave no connection behind, and one of them leads."""

import gc
import warnings

import anyio

from web.background.leadership import connected, leads


async def test_a_connection_is_closed_that_is_left_in_the_middle_of_a_question(database: str) -> None:
    """As when a web process is told to stop, and its scope lets nothing be awaited any more."""
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        with anyio.move_on_after(0.2):
            async with connected(database) as connection:
                await connection.execute("SELECT pg_sleep(60)")
        del connection
        gc.collect()
    assert [str(warning.message) for warning in left if warning.category is ResourceWarning] == []


async def test_one_leads_until_its_connection_is_gone(database: str) -> None:
    async with connected(database) as one, connected(database) as other:
        assert await leads(one, "x")
        assert not await leads(other, "x")
        assert await leads(one, "x")
        assert await leads(other, "y")
        await one.close()
        with anyio.fail_after(10):
            while not await leads(other, "x"):  # noqa: ASYNC110 - the server notices by itself
                await anyio.sleep(0.01)
