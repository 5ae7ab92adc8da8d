"""How every process reaches Temporal: `temporalio.envconfig` (TEMPORAL_ADDRESS and the rest), encrypted payloads."""

import os
import sys
from typing import NoReturn

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

from models.errors import Refusal
from workflows.names import SEARCH_ATTRIBUTES
from workflows.secrecy import cipher_from, cipher_of, encrypting


async def connect() -> Client:
    """Connect to the server that the environment names, with its payload keys."""
    return await Client.connect(**connect_settings(), data_converter=encrypting(cipher_from(os.environ)))


async def connect_to(address: str, keys: str) -> Client:
    """Connect to a server; `keys` as REGUA_PAYLOAD_KEYS has them."""
    return await Client.connect(address, data_converter=encrypting(cipher_of(keys)))


def connect_settings() -> ClientConnectConfig:
    settings = ClientConfig.load_client_connect_config()
    if not settings.get("target_host"):
        raise Refusal("the variable TEMPORAL_ADDRESS is missing: the Temporal server, for example 127.0.0.1:7233")
    return settings


async def register_search_attributes(client: Client) -> bool:
    """Make the namespace know the attributes by which cases are found; those it knows already stay. Says whether it
    lacked any."""
    operator = client.operator_service
    known = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    wanted = {
        name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SEARCH_ATTRIBUTES.items()
        if name not in known.custom_attributes
    }
    if wanted:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
        )
    return bool(wanted)


UNREACHABLE = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.RESOURCE_EXHAUSTED}


def is_unreachable(error: Exception) -> bool:
    """Whether it is the server that doesn't answer, and nothing is wrong with what was asked."""
    return isinstance(error, TimeoutError) or (isinstance(error, RPCError) and error.status in UNREACHABLE)


def leave(exit_code: int) -> NoReturn:
    """End a process that has used Temporal, without Python's own tidying up: a third of all short processes die in it,
    in a thread of the SDK's that outlives its client (temporalio/sdk-python issue 300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)
