"""Where a command copies its film to, until the files are there: one that was killed before it did so goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("film", sa.Column("copy_to", sa.Text(), nullable=True))
