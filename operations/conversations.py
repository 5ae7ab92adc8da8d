"""Acts on conversations with taxpayers: an agent takes one, answers, gives it back to the bot, ends it."""

from __future__ import annotations

from datetime import datetime

from operations.operation import Act, must_say, operation
from storage.conversation import conversations
from storage.conversation.conversations import CarryOut


@operation("conversation claim")
def claim_conversation(act: Act, conversation: int) -> None:
    """Take a conversation: the bot is silent from then on."""
    conversations.claim(act.engine, conversation, act.by)


@operation("conversation answer")
def answer_in_conversation(act: Act, conversation: int, said: str) -> None:
    """Say something to the taxpayer in a conversation that one holds. The words stay with it, not in the log."""
    must_say("the answer", said)
    conversations.answer(act.engine, conversation, act.by, said)


@operation("conversation return")
def return_conversation(act: Act, conversation: int, carry_out: CarryOut, now: datetime) -> None:
    """Give a conversation back to the bot, which goes on where it was."""
    conversations.give_back(act.engine, conversation, act.by, carry_out, now)


@operation("conversation end")
def end_conversation(act: Act, conversation: int) -> None:
    """End a conversation."""
    conversations.end(act.engine, conversation, act.by)
