"""The running services, as a command reaches them."""

import os

from sqlalchemy import Engine
from temporalio.client import Client

from commands.acting import admitted
from embedded.home import find_services
from models.errors import Refusal
from storage.engine import connect
from workflows import client as temporal


def database() -> Engine:
    """Raises Refusal when the command that asks takes a token that isn't there."""
    return admitted(connect(find_services().database, pool=4))


async def temporal_client() -> Client:
    """Raises Refusal when Temporal doesn't answer."""
    address = find_services().temporal
    try:
        return await (temporal.connect() if os.environ.get("TEMPORAL_ADDRESS") else temporal.connect_to(address))
    except RuntimeError:
        raise Refusal(f"Temporal does not answer at {address}; see `python starter.py stack status`") from None
