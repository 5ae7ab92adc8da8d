"""The channels that reach a taxpayer."""

from typing import Literal, get_args

Channel = Literal["email", "sms", "whatsapp", "messenger", "voice", "domicile"]
"""`domicile`: the authority's electronic tax domicile (DT-e), which can't be refused."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)
