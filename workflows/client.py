"""How every process reaches Temporal: `temporalio.envconfig` (TEMPORAL_ADDRESS and the rest), pydantic payloads."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from models.errors import Refusal


async def connect() -> Client:
    """To the server that the environment names."""
    return await Client.connect(**connect_settings(), data_converter=pydantic_data_converter)


async def connect_to(address: str) -> Client:
    return await Client.connect(address, data_converter=pydantic_data_converter)


def connect_settings() -> ClientConnectConfig:
    settings = ClientConfig.load_client_connect_config()
    if not settings.get("target_host"):
        raise Refusal("the variable TEMPORAL_ADDRESS is missing: the Temporal server, for example 127.0.0.1:7233")
    return settings
