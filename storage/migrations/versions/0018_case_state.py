"""A case's state holds what its place on the map has, and no more; what blocks it stands side by side.

The downgrade keeps one block, the one shown. A referred case whose row was gone gets that of its last notice.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

# keys that older code left out have the values they were read with
TO_PLACES = """
    UPDATE cases SET state = jsonb_build_object(
        'started', old.started,
        'clock', jsonb_build_object(
            'anchor', old.anchor, 'not_before', old.not_before, 'wait', old.wait,
            'awaits_service', coalesce(old.awaits_service, false),
            'stopped_on', old.stopped_on, 'stood_still', coalesce(old.stood_still, '[]')),
        'place', CASE
            WHEN coalesce(old.suspended, false) THEN cell.of || '{"where": "suspended"}'
            WHEN coalesce(old.referred, false) THEN cell.of || '{"where": "referred"}'
            WHEN old.row IS NULL OR old.kind IS NULL THEN '{"where": "off_map"}'
            ELSE cell.of || jsonb_build_object('where', 'on_row', 'approval', CASE
                WHEN old.asked_on IS NOT NULL THEN jsonb_build_object(
                    'asked_on', old.asked_on, 'approvers', coalesce(old.approvers, '[]'),
                    'on_seeing', old.approved_on_seeing) END) END,
        'kinds', coalesce(old.kinds, '[]'),
        'steps', coalesce(old.steps, 0),
        'occurrences', coalesce(old.occurrences, 1),
        'last_rigidity', coalesce(old.last_rigidity, 0),
        'hardship_used', coalesce(old.hardship_used, false),
        'rejected_on', old.rejected_on,
        'to_tell', coalesce(old.to_tell AND NOT old.suspended, false),
        'resumed_after', old.resumed_after)
    FROM cases AS before,
    LATERAL jsonb_to_record(before.state) AS old (
        started text, anchor text, not_before text, "row" text, kind text, kinds jsonb, entered_because text, rung int,
        steps int, occurrences int, last_rigidity int, wait jsonb, awaits_service boolean, stopped_on text,
        stood_still jsonb, hardship_used boolean, asked_on text, rejected_on text, approvers jsonb,
        approved_on_seeing text, suspended boolean, to_tell boolean, referred boolean, resumed_after text,
        stands boolean),
    LATERAL (SELECT jsonb_build_object(
        'row', coalesce(old.row, (
            SELECT hypothesis FROM notices WHERE "case" = before.id ORDER BY step DESC LIMIT 1), 'h7'),
        'kind', coalesce(old.kind, old.kinds ->> 0, 'registered_debt'),
        'rung', CASE WHEN old.row IS NULL THEN -1 ELSE coalesce(old.rung, -1) END,
        'stands', coalesce(old.stands, false),
        'entered_because', coalesce(old.entered_because, '')) AS of) AS cell
    WHERE before.id = cases.id
"""

TO_ONE_VALUE = """
    UPDATE cases SET state = jsonb_build_object(
        'started', state -> 'started',
        'row', state #> '{place,row}', 'kind', state #> '{place,kind}',
        'rung', coalesce(state #> '{place,rung}', '-1'),
        'stands', coalesce(state #> '{place,stands}', 'false'),
        'entered_because', coalesce(state #> '{place,entered_because}', '""'),
        'suspended', state #>> '{place,where}' = 'suspended',
        'referred', state #>> '{place,where}' = 'referred',
        'asked_on', state #> '{place,approval,asked_on}',
        'approvers', coalesce(state #> '{place,approval,approvers}', '[]'),
        'approved_on_seeing', state #> '{place,approval,on_seeing}')
        || (state - 'place' - 'clock') || (state -> 'clock')
"""

# what was shown then; a pause that is not the case's own is that of its cohort
BLOCKED = """
    UPDATE cases SET blocks = jsonb_build_array(jsonb_build_object(
        'kind', status, 'reason', coalesce(next_step ->> 'reason', ''), 'since', state ->> 'stopped_on',
        'until', NULL, 'whole_cohort', status = 'paused' AND paused_by IS NULL))
    WHERE closed_at IS NULL AND status IN ('on_hold', 'paused', 'unreachable', 'over_budget', 'under_defence',
                                           'awaiting_approval', 'awaiting_prior_steps', 'amount_unknown')
"""


def upgrade() -> None:
    empty = sa.text("'[]'")
    op.add_column("cases", sa.Column("blocks", postgresql.JSONB(), server_default=empty, nullable=False))
    op.add_column("cases", sa.Column("paused_on", sa.Date(), nullable=True))
    op.execute("UPDATE cases SET paused_on = (state ->> 'stopped_on')::date WHERE paused_by IS NOT NULL")
    op.execute(BLOCKED)
    op.create_check_constraint("first_block_is_status", "cases", "coalesce(blocks -> 0 ->> 'kind', status) = status")
    op.execute(TO_PLACES)


def downgrade() -> None:
    op.execute(TO_ONE_VALUE)
    op.drop_constraint(op.f("ck_cases_first_block_is_status"), "cases")
    op.drop_column("cases", "paused_on")
    op.drop_column("cases", "blocks")
