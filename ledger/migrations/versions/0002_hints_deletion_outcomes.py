"""Vendors' hints and estimates, films' deletion, webhooks' last outcome, and the ways the new questions are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film", sa.Column("deleted_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("outcome", sa.String(length=200), nullable=True))
    op.add_column("attempt", sa.Column("estimated_micro", sa.BigInteger(), nullable=True))
    op.create_index("ix_film_key_created", "film", ["api_key", "created_at_ms"], unique=False)
    op.create_index("ix_attempt_vendor_fingerprint", "attempt", ["vendor", "fingerprint"], unique=False)
    op.create_index("ix_attempt_vendor_intent", "attempt", ["vendor", "t_intent_ms"], unique=False)
    op.create_table(
        "callback",
        sa.Column("attempt", sa.String(length=64), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempt.id"], name=op.f("fk_callback_attempt_attempt")),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_callback")),
    )
