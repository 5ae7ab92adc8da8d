"""Debtors are looked up once a statement, not once a row; and whoever writes in bulk may have statistics taken."""

from alembic import op

revision = "0070"
down_revision = "0069"

KNOWN = """
CREATE FUNCTION debtors_are_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added LEFT JOIN debts ON debts.id = added.debt LEFT JOIN taxpayers ON taxpayers.id = added.taxpayer
        WHERE debts.id IS NULL OR taxpayers.id IS NULL
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a debtor''s debt or taxpayer is not on record';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER debtors_known AFTER INSERT ON debtors REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION debtors_are_known();
CREATE TRIGGER debtors_stay BEFORE UPDATE ON debtors FOR EACH ROW
    WHEN ((OLD.debt, OLD.taxpayer) IS DISTINCT FROM (NEW.debt, NEW.taxpayer)) EXECUTE FUNCTION refuse_change();
"""

KEPT = """
CREATE FUNCTION {table}_are_owed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone JOIN debtors ON debtors.{column} = gone.id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a row of {table} has debtors, and stays';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_owed AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_are_owed();
"""

# as the owner, since none but the owner of a table may: where at least a tenth of it is new
STATISTICS = """
CREATE FUNCTION take_statistics(names text[], written bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY names LOOP
        IF written * 10 >= (SELECT reltuples FROM pg_class WHERE oid = name::regclass) THEN
            EXECUTE format('ANALYZE %I', name);
        END IF;
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.drop_constraint("fk_debtors_debt", "debtors")
    op.drop_constraint("fk_debtors_taxpayer", "debtors")
    op.execute(KNOWN)
    for table, column in (("debts", "debt"), ("taxpayers", "taxpayer")):
        op.execute(KEPT.format(table=table, column=column))
    op.execute(STATISTICS)


def downgrade() -> None:
    op.execute("DROP FUNCTION take_statistics(text[], bigint)")
    for table in ("debts", "taxpayers"):
        op.execute(f"DROP TRIGGER {table}_owed ON {table}; DROP FUNCTION {table}_are_owed()")
    op.execute("DROP TRIGGER debtors_stay ON debtors")
    op.execute("DROP TRIGGER debtors_known ON debtors; DROP FUNCTION debtors_are_known()")
    op.create_foreign_key("fk_debtors_debt", "debtors", "debts", ["debt"], ["id"])
    op.create_foreign_key("fk_debtors_taxpayer", "debtors", "taxpayers", ["taxpayer"], ["id"])
