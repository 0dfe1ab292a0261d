"""How often a vendor refused a submit because there were too many: counted at its gate."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rate_gate", sa.Column("refused_n", sa.Integer(), nullable=False, server_default="0"))
