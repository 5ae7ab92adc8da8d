"""The running services, as a command reaches them."""

import os

from sqlalchemy import Engine
from temporalio.client import Client

from embedded.home import find_services, running_stack
from models.errors import Refusal
from storage.engine import connect
from workflows import client as temporal


def database() -> Engine:
    return connect(find_services().database, pool=4)


async def temporal_client() -> Client:
    """A client of Temporal. Raises Refusal when it doesn't answer. Whoever names the server has the keys of its
    payloads."""
    address = find_services().temporal
    try:
        if os.environ.get("TEMPORAL_ADDRESS"):
            return await temporal.connect()
        return await temporal.connect_to(address, running_stack()[0].payload_keys)
    except RuntimeError:
        raise Refusal(f"Temporal does not answer at {address}; see `python starter.py stack status`") from None
