"""What is seen of a segment's part: its cover, and how alike the pictures on both sides of its cut are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segment", sa.Column("cover_key", sa.String(length=512), nullable=True))
    op.add_column("segment", sa.Column("seam_similarity", sa.Float(), nullable=True))
