"""A case stays its taxpayer's, of its tax and in its cohort: what was decided of it is of no one else."""

from alembic import op

revision = "0055"
down_revision = "0054"

ELSEWHERE = "(OLD.taxpayer, OLD.tax, OLD.cohort) IS DISTINCT FROM (NEW.taxpayer, NEW.tax, NEW.cohort)"


def upgrade() -> None:
    op.execute(
        f"CREATE TRIGGER cases_stay BEFORE UPDATE ON cases FOR EACH ROW WHEN ({ELSEWHERE})"
        " EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER cases_stay ON cases")
