"""What a debt is, and when it prescribes, changes by an act on record; what is written once is never written anew.

A trigger notes each statement that changes debts' amounts, due days or prescription, or takes a debtor off a debt, and
at the end of its transaction which entry of the audit log it was told by; `audit` names those that were told by none.
The downgrade forgets the notes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

# as the owner of the table: nobody else writes to it. An entry of this very transaction bears its number in xmin, and
# is the newest one, since who writes one keeps others from it until the end
RESTATED = """
CREATE FUNCTION note_restatement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed integer;
BEGIN
    SELECT count(*) INTO changed FROM former JOIN latter USING (id)
    WHERE (former.amount, former.due, former.prescribes)
        IS DISTINCT FROM (latter.amount, latter.due, latter.prescribes);
    IF changed > 0 THEN
        INSERT INTO restatements (what, rows) VALUES ('debts', changed);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER debts_restated AFTER UPDATE ON debts REFERENCING OLD TABLE AS former NEW TABLE AS latter
    FOR EACH STATEMENT EXECUTE FUNCTION note_restatement();

CREATE FUNCTION note_removal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO restatements (what, rows) SELECT 'debtors', count(*) FROM former HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER debtors_removed AFTER DELETE ON debtors REFERENCING OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION note_removal();

CREATE FUNCTION note_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE restatements SET entry = newest.id
    FROM (SELECT id, xmin AS writer FROM audit_log ORDER BY id DESC LIMIT 1) AS newest
    WHERE restatements.id = NEW.id AND newest.writer = pg_current_xact_id()::xid;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER restatements_told AFTER INSERT ON restatements DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note_entry();
"""

ONCE = {
    "approvals": ("ended_at",),
    "defences": ("decided_on", "decided_at", "decided_by"),
    "holds": ("lifted_at", "lifted_by", "lifted_because"),
    "suspensions": ("reinstated_on", "reinstated_at"),
    "tokens": ("revoked_at", "revoked_by"),
}
"""Columns that are written once."""


def upgrade() -> None:
    op.create_table(
        "restatements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("what IN ('debts', 'debtors')", name=op.f("ck_restatements_what_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restatements")),
    )
    op.execute(RESTATED)
    for table, columns in ONCE.items():
        rewritten = " OR ".join(
            f"OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns
        )
        op.execute(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({rewritten})"
            " EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in ONCE:
        op.execute(f"DROP TRIGGER {table}_written_once ON {table}")
    op.execute("DROP TRIGGER debts_restated ON debts")
    op.execute("DROP FUNCTION note_restatement")
    op.execute("DROP TRIGGER debtors_removed ON debtors")
    op.execute("DROP FUNCTION note_removal")
    op.drop_table("restatements")
    op.execute("DROP FUNCTION note_entry")
