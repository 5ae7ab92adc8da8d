"""Who did what, provably: decisions chained case by case, the audit log in one chain, and the tokens of roles.

Chaining is the database's work, so that every writer is covered. The downgrade forgets the chains, the log and the
tokens.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

# The columns that say nothing are left out: a row keeps its hash when the table gets another column.
# UTC, since an instant's text would otherwise be the session's.
HASH = """
CREATE FUNCTION chained(previous bytea, entry jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(coalesce(previous, '') || convert_to(jsonb_object_agg(key, value)::text, 'UTF8'))
    FROM jsonb_each(entry) WHERE key <> 'hash' AND value <> 'null'
$$;
"""

# A case's writers hold its row, most of them since their transaction began. The lock makes it so for all of them, and
# who had to wait for it takes another id, so that ids grow along the chain.
DECISIONS = """
CREATE FUNCTION chain_decision() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    last record;
BEGIN
    PERFORM FROM cases WHERE id = NEW."case" FOR NO KEY UPDATE;
    SELECT id, hash INTO last FROM decisions WHERE "case" = NEW."case" ORDER BY id DESC LIMIT 1;
    IF last.id > NEW.id THEN
        NEW.id := nextval('decisions_id_seq');
    END IF;
    NEW.hash := chained(last.hash, to_jsonb(NEW));
    RETURN NEW;
END $$;
CREATE TRIGGER decisions_chained BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION chain_decision();
"""

# Numbered without gaps under the lock: a row that is taken out leaves a hole.
LOG = """
CREATE FUNCTION chain_audit_log() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('regua audit log'));
    SELECT id, hash INTO last FROM audit_log ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(last.id, 0) + 1;
    NEW.at := clock_timestamp();
    NEW.hash := chained(last.hash, to_jsonb(NEW));
    RETURN NEW;
END $$;
CREATE TRIGGER audit_log_chained BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION chain_audit_log();
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

CHAIN_WHAT_IS_THERE = """
SET LOCAL timezone = 'UTC';
ALTER TABLE decisions DISABLE TRIGGER decisions_append_only;
DO $$
DECLARE
    entry decisions;
    former text;
    link bytea;
BEGIN
    FOR entry IN SELECT * FROM decisions ORDER BY "case", id LOOP
        link := chained(CASE WHEN entry."case" = former THEN link END, to_jsonb(entry));
        UPDATE decisions SET hash = link WHERE id = entry.id;
        former := entry."case";
    END LOOP;
END $$;
ALTER TABLE decisions ENABLE TRIGGER decisions_append_only;
"""


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("authenticated", sa.Boolean(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'done'"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["subject"], unique=False)
    op.create_index(
        "ix_audit_log_seals", "audit_log", ["id"], unique=False, postgresql_where=sa.text("command = 'seal'")
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
    op.create_index(
        "uq_tokens_current", "tokens", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.add_column("decisions", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.execute(HASH)
    op.execute(CHAIN_WHAT_IS_THERE)
    op.alter_column("decisions", "hash", nullable=False)
    op.execute(DECISIONS)
    op.execute(LOG)


def downgrade() -> None:
    op.drop_table("tokens")
    op.drop_table("audit_log")
    op.execute("DROP TRIGGER decisions_chained ON decisions")
    op.drop_column("decisions", "hash")
    op.execute("DROP FUNCTION chain_decision, chain_audit_log, chained")
