"""An instalment that an agreement gets besides those it was signed with, since something that was granted is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from models.agreement.bonus import share_of
from models.agreement.charges import NOTHING
from models.agreement.deal import Deal
from models.agreement.policy import Policy
from models.agreement.quote import Pay
from models.errors import Refusal


def due_of_added(policy: Policy, on: date) -> date:
    """The due date of an instalment that is added on a day: a month later."""
    day = on + relativedelta(months=1)
    return policy.calendar(on.year).working(day) if policy.due_dates.rolled_to_banking_day else day


def lost_with_debit(deal: Deal, still_open: Decimal) -> Decimal:
    """The part of the discount that ends with the direct debit, when so much of the principal is still open. Raises
    Refusal where nothing is debited."""
    rule = deal.policy.discounts.direct_debit
    if deal.request.pay is not Pay.DIRECT_DEBIT:
        raise Refusal("the agreement is not paid by direct debit")
    if rule is None or deal.discount != share_of(deal.request.in_money, rule.share):
        # another discount, which was larger, does not hang on it
        return NOTHING
    if rule.when_it_ends == "all":
        return deal.discount
    return share_of(deal.discount, still_open / sum(each.principal for each in deal.schedule))
