"""Cohorts compare more than two rulers, each with a share of its own.

The downgrade keeps the first of the other rulers of each cohort; cases of the others go on by the rulers they pinned,
and count as the cohort's own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"

WHOLE = "ck_cohorts_lot_is_whole"
KNOWN = "ck_cases_arm_known"


def upgrade() -> None:
    op.create_table(
        "arms",
        sa.Column("cohort", sa.Text(), sa.ForeignKey("cohorts.name", name=op.f("fk_arms_cohort")), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("ruler", sa.Text(), sa.ForeignKey("rulers.digest", name=op.f("fk_arms_ruler")), nullable=False),
        sa.Column("share", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("cohort", "arm", name=op.f("pk_arms")),
        sa.CheckConstraint("arm IN ('rival', 'rival_2', 'rival_3')", name=op.f("ck_arms_arm_known")),
    )
    op.execute("""
        INSERT INTO arms (cohort, arm, ruler, share)
        SELECT name, 'rival', rival, trim_scale((1 - coalesce(control_share, 0)) / 2)
        FROM cohorts WHERE rival IS NOT NULL
    """)
    op.drop_constraint(op.f(WHOLE), "cohorts")
    op.drop_constraint(op.f("fk_cohorts_rival"), "cohorts")
    op.drop_column("cohorts", "rival")
    op.create_check_constraint(op.f(WHOLE), "cohorts", "control_share IS NULL OR salt IS NOT NULL")
    _knows("control ruler rival rival_2 rival_3")


def downgrade() -> None:
    op.execute("UPDATE cases SET arm = 'ruler' WHERE arm IN ('rival_2', 'rival_3')")
    _knows("control ruler rival")
    op.drop_constraint(op.f(WHOLE), "cohorts")
    op.add_column("cohorts", sa.Column("rival", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_cohorts_rival"), "cohorts", "rulers", ["rival"], ["digest"])
    op.execute("UPDATE cohorts SET rival = (SELECT ruler FROM arms WHERE cohort = name ORDER BY arm LIMIT 1)")
    op.create_check_constraint(op.f(WHOLE), "cohorts", "(salt IS NULL) = (num_nonnulls(control_share, rival) = 0)")
    op.drop_table("arms")


def _knows(words: str) -> None:
    listed = ", ".join(f"'{word}'" for word in words.split())
    op.drop_constraint(op.f(KNOWN), "cases")
    op.create_check_constraint(op.f(KNOWN), "cases", f"arm IN ({listed})")
