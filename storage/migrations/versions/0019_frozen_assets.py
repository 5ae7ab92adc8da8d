"""What a ruler or policy is made of is kept with it, and an authority's own are published.

Those in use are frozen with what this checkout has today. On the way down what was published is lost: export it before.
"""

import hashlib
import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

ROOT = Path(__file__).parents[3]
FOLDERS = ("accruals", "agreements", "prices", "templates")


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_assets")),
    )
    for table in ("rulers", "policies"):
        op.add_column(table, sa.Column("assets", postgresql.JSONB(), nullable=False, server_default="{}"))
        op.alter_column(table, "assets", server_default=None)
    _freeze_those_in_use()
    op.create_table(
        "published",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("assets", postgresql.JSONB(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('ruler', 'policy', 'accrual', 'prices', 'templates')", name=op.f("ck_published_kind_known")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_published_version_positive")),
        sa.PrimaryKeyConstraint("kind", "name", "version", name=op.f("pk_published")),
    )


def downgrade() -> None:
    op.drop_table("published")
    for table in ("policies", "rulers"):
        op.drop_column(table, "assets")
    op.drop_table("assets")


def _freeze_those_in_use() -> None:
    """They were pinned as their text alone, and read the rest from files until today."""
    connection = op.get_bind()
    rulers = connection.scalar(sa.text("SELECT count(*) FROM rulers"))
    policies = connection.scalar(sa.text("SELECT count(*) FROM policies"))
    if not rulers + policies:
        return
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in (".yaml", ".j2"))
    texts = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8-sig") for file in files}
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    connection.execute(
        sa.text("INSERT INTO assets (digest, content) VALUES (:digest, :content) ON CONFLICT DO NOTHING"),
        [{"digest": digests[name], "content": text} for name, text in texts.items()],
    )
    frozen = json.dumps(digests)
    connection.execute(sa.text("UPDATE rulers SET assets = CAST(:frozen AS jsonb)"), {"frozen": frozen})
    connection.execute(sa.text("UPDATE policies SET assets = CAST(:frozen AS jsonb)"), {"frozen": frozen})
    entry = sa.text("""
        INSERT INTO audit_log (actor, authenticated, command, detail, outcome)
        VALUES ('migration 0019', false, 'migrate', CAST(:detail AS jsonb), 'done')
    """)
    digest = hashlib.sha256(frozen.encode()).hexdigest()
    detail = {"rulers": rulers, "policies": policies, "files": len(texts), "digest": digest}
    connection.execute(entry, {"detail": json.dumps(detail)})
