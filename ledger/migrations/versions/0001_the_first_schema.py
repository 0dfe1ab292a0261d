"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "gate_waiter",
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("film", sa.String(length=64), nullable=False),
        sa.Column("last_grant_ms", sa.BigInteger(), nullable=False),
        sa.Column("back_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vendor", "model", "film", name=op.f("pk_gate_waiter")),
    )
    op.create_table(
        "process",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=128), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process")),
    )
    op.create_table(
        "provider_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_micro", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.String(length=64), nullable=True),
        sa.Column("provider_job_id", sa.String(length=128), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_entry")),
    )
    op.create_index("ix_provider_entry_vendor_created", "provider_entry", ["vendor", "created_at_ms"], unique=False)
    op.create_table(
        "rate_gate",
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("key_print", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("granted_at_ms", sa.JSON(), nullable=False),
        sa.Column("closed_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("vendor", "key_print", "model", name=op.f("pk_rate_gate")),
    )
    op.create_table(
        "transfer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_account", sa.String(length=64), nullable=False),
        sa.Column("from_kind", sa.String(length=16), nullable=False),
        sa.Column("to_account", sa.String(length=64), nullable=False),
        sa.Column("to_kind", sa.String(length=16), nullable=False),
        sa.Column("amount_mc", sa.BigInteger(), nullable=False),
        sa.Column("pending_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("film", sa.String(length=64), nullable=True),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column("idem_key", sa.String(length=160), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_mc > 0", name=op.f("ck_transfer_positive")),
        sa.ForeignKeyConstraint(["pending_id"], ["transfer.id"], name=op.f("fk_transfer_pending_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("idem_key", name=op.f("uq_transfer_idem_key")),
        sa.UniqueConstraint("pending_id", name=op.f("uq_transfer_pending_id")),
    )
    op.create_index("ix_transfer_film", "transfer", ["film"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("webhook_secret", sa.String(length=128), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_api_key_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
    )
    op.create_table(
        "balance",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_mc", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_mc >= 0 OR kind = 'issuance'", name=op.f("ck_balance_not_negative")),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_balance_account")),
        sa.PrimaryKeyConstraint("account", "kind", name=op.f("pk_balance")),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("transfer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_mc", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_mc", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transfer"], ["transfer.id"], name=op.f("fk_entry_transfer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("account", "kind", "version", name=op.f("uq_entry_account_kind_version")),
    )
    op.create_table(
        "film",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("api_key", sa.String(length=64), nullable=False),
        sa.Column("idem_key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("storyboard", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("anchors", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sound", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("stage_times_ms", sa.JSON(), nullable=False),
        sa.Column("awaiting_approval", sa.Boolean(), nullable=False),
        sa.Column("approval", sa.String(length=16), nullable=True),
        sa.Column("approval_asked_ms", sa.BigInteger(), nullable=True),
        sa.Column("cost_estimate_mc", sa.BigInteger(), nullable=False),
        sa.Column("cost_actual_mc", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("lease_holder", sa.String(length=128), nullable=True),
        sa.Column("dispatch_n", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("compose_n", sa.Integer(), nullable=False),
        sa.Column("former_status", sa.String(length=16), nullable=True),
        sa.Column("former_error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("retry_of", sa.String(length=64), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("completed_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_film_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film")),
        sa.UniqueConstraint("api_key", "idem_key", name=op.f("uq_film_api_key_idem_key")),
    )
    op.create_index("ix_film_account_created", "film", ["account", "created_at_ms"], unique=False)
    op.create_index("ix_film_status_lease", "film", ["status", "lease_until_ms"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("film", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("key_print", sa.String(length=16), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("provider_job_id", sa.String(length=128), nullable=True),
        sa.Column("t_intent_ms", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("object_key", sa.String(length=512), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("charged_micro", sa.BigInteger(), nullable=True),
        sa.Column("refunded_micro", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["film"], ["film.id"], name=op.f("fk_attempt_film")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("vendor", "provider_job_id", name=op.f("uq_attempt_vendor_provider_job_id")),
    )
    op.create_index("ix_attempt_film_purpose_slot", "attempt", ["film", "purpose", "slot"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("film", sa.String(length=64), nullable=False),
        sa.Column("compose_n", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["film"], ["film.id"], name=op.f("fk_outbox_film")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("film", "compose_n", "event", name=op.f("uq_outbox_film_compose_n_event")),
    )
    op.create_index("ix_outbox_state_next", "outbox", ["state", "next_at_ms"], unique=False)
    op.create_table(
        "segment",
        sa.Column("film", sa.String(length=64), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("kept_s", sa.Integer(), nullable=False),
        sa.Column("rendered_s", sa.Integer(), nullable=False),
        sa.Column("price_mc", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ready_attempt", sa.String(length=64), nullable=True),
        sa.Column("object_key", sa.String(length=512), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["film"], ["film.id"], name=op.f("fk_segment_film")),
        sa.ForeignKeyConstraint(["hold"], ["transfer.id"], name=op.f("fk_segment_hold")),
        sa.PrimaryKeyConstraint("film", "index", name=op.f("pk_segment")),
        sa.UniqueConstraint("hold", name=op.f("uq_segment_hold")),
    )
    _protect()
    _house()


def _protect() -> None:
    """Entries and transfers never change (I9): the database itself refuses."""
    for table in ("entry", "transfer"):
        for action in ("UPDATE", "DELETE"):
            if op.get_bind().dialect.name == "sqlite":
                op.execute(
                    f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            else:
                op.execute(
                    f"CREATE FUNCTION {table}_no_{action.lower()}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
                )
                op.execute(
                    f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                    f"FOR EACH ROW EXECUTE FUNCTION {table}_no_{action.lower()}()"
                )


def _house() -> None:
    """The house's own account is part of the schema: every grant and every post moves through it."""
    op.execute("INSERT INTO account (id, created_at_ms) VALUES ('house', 0)")
    for kind in ("issuance", "revenue"):
        op.execute(f"INSERT INTO balance (account, kind, amount_mc, version) VALUES ('house', '{kind}', 0, 0)")  # noqa: S608


def downgrade() -> None:
    op.drop_table("segment")
    op.drop_index("ix_outbox_state_next", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_attempt_film_purpose_slot", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix_film_status_lease", table_name="film")
    op.drop_index("ix_film_account_created", table_name="film")
    op.drop_table("film")
    op.drop_table("entry")
    op.drop_table("balance")
    op.drop_table("api_key")
    op.drop_index("ix_transfer_film", table_name="transfer")
    op.drop_table("transfer")
    op.drop_table("rate_gate")
    op.drop_index("ix_provider_entry_vendor_created", table_name="provider_entry")
    op.drop_table("provider_entry")
    op.drop_table("process")
    op.drop_table("gate_waiter")
    op.drop_table("account")
