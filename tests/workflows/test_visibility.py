"""A case is found by when its next step runs, or by the step's day where nobody knows the instant yet."""

from datetime import UTC, date, datetime

import pytest

from models.case.status import Status
from models.case.step import Action, Step
from workflows.effects import NextAction
from workflows.visibility import NEXT_STEP, searchable

MAY_4 = date(2026, 5, 4)
AT_NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "on", "more", "found_by"),
    [
        (Action.NOTIFY, MAY_4, {"runs_at": AT_NINE}, AT_NINE),
        (Action.NOTIFY, MAY_4, {}, datetime(2026, 5, 4, 12, tzinfo=UTC)),  # a stepped clock is not there yet
        (Action.WAIT, None, {}, None),
        (Action.SUSPEND, MAY_4, {}, None),  # is being done
        (Action.NOTIFY, MAY_4, {"closed": True}, None),
    ],
)
def test_what_comes_next(action: Action, on: date | None, more: dict[str, object], found_by: datetime | None) -> None:
    step = Step(action=action, status=Status.RUNNING, on=on, number=1, reason="")
    next_action = NextAction.model_validate({"revision": 1, "step": step, **more})
    assert searchable(next_action)[NEXT_STEP] == found_by
