"""The channels that reach a taxpayer."""

from typing import Literal, get_args

Channel = Literal["email", "sms", "whatsapp", "messenger", "voice", "domicile", "letter", "gazette"]
"""`domicile`: the authority's electronic tax domicile (DT-e), which can't be refused. `letter`: by post, with a return
receipt (AR). `gazette`: a published notice (edital), once a personal means has failed."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)
