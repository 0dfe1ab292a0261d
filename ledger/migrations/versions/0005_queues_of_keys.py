"""Films wait at the gate of a key: the queue is keyed as the gate is.

Waiters are transient: a film that still waits asks again and is listed anew. So the table is made anew, empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("gate_waiter")
    op.create_table(
        "gate_waiter",
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("key_print", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("film", sa.String(length=64), nullable=False),
        sa.Column("last_grant_ms", sa.BigInteger(), nullable=False),
        sa.Column("back_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vendor", "key_print", "model", "film", name=op.f("pk_gate_waiter")),
    )
