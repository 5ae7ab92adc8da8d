"""A precatório may pay part of what an agreement is about, and may be refused afterwards."""

import sqlalchemy as sa
from alembic import op

from models.errors import Refusal
from storage.migrations.words import forget, know

revision = "0051"
down_revision = "0050"

OFFSET = "SELECT count(DISTINCT reference) FROM remissions WHERE ground = 'offset'"


def upgrade() -> None:
    know("remissions", "ground", "offset")
    know("decisions", "kind", "agreement_offset_refused")


def downgrade() -> None:
    if offset := op.get_bind().scalar(sa.text(OFFSET)):
        raise Refusal(f"precatórios pay part of {offset} agreements, for which schema {down_revision} has no place")
    forget("remissions", "ground", "offset")
    forget("decisions", "kind", "agreement_offset_refused")
