"""The providers by which messages truly leave, as far as commands need to know; the adapters take long to load."""

from collections.abc import Mapping


def providers_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The providers whose keys the environment has, by which messages truly leave."""
    keys = {"sendgrid": "SENDGRID_API_KEY", "twilio": "TWILIO_ACCOUNT_SID"}
    return tuple(provider for provider, key in keys.items() if environment.get(key, "").strip())
