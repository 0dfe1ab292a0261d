"""The tables, one schema for SQLite and PostgreSQL. Times are integer milliseconds of the injected clock.

What each table is for stands in docs/money.md; alembic's migrations make them (`ledger/migrations`).
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite's rowid only counts by itself on INTEGER, PostgreSQL wants 64 bits.
_Counter = BigInteger().with_variant(Integer, "sqlite")

account = Table(
    "account",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at_ms", BigInteger, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("webhook_secret", String(128), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("disabled_at_ms", BigInteger),
)

balance = Table(
    "balance",
    metadata,
    Column("account", ForeignKey("account.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("amount_mc", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("amount_mc >= 0 OR kind = 'issuance'", name="not_negative"),
)

transfer = Table(
    "transfer",
    metadata,
    Column("id", _Counter, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("from_account", String(64), nullable=False),
    Column("from_kind", String(16), nullable=False),
    Column("to_account", String(64), nullable=False),
    Column("to_kind", String(16), nullable=False),
    Column("amount_mc", BigInteger, nullable=False),
    Column("pending_id", ForeignKey("transfer.id"), unique=True),
    Column("film", String(64)),
    Column("segment", Integer),
    Column("idem_key", String(160), nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    CheckConstraint("amount_mc > 0", name="positive"),
    Index("ix_transfer_film", "film"),
)

entry = Table(
    "entry",
    metadata,
    Column("id", _Counter, primary_key=True, autoincrement=True),
    Column("transfer", ForeignKey("transfer.id"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_mc", BigInteger, nullable=False),
    Column("balance_after_mc", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("account", "kind", "version"),
)

film = Table(
    "film",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("api_key", String(64), nullable=False),
    Column("idem_key", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("request", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("storyboard", JSON(none_as_null=True)),
    Column("anchors", JSON(none_as_null=True)),
    Column("sound", JSON(none_as_null=True)),
    Column("status", String(16), nullable=False),
    Column("progress", Integer, nullable=False),
    Column("stage_times_ms", JSON, nullable=False),
    Column("awaiting_approval", Boolean, nullable=False),
    Column("approval", String(16)),
    Column("approval_asked_ms", BigInteger),
    Column("cost_estimate_mc", BigInteger, nullable=False),
    Column("cost_actual_mc", BigInteger),
    Column("epoch", Integer, nullable=False),
    Column("lease_until_ms", BigInteger),
    Column("lease_holder", String(128)),
    Column("dispatch_n", Integer, nullable=False),
    Column("copy_to", Text),
    Column("error", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("compose_n", Integer, nullable=False),
    Column("former_status", String(16)),
    Column("former_error", JSON(none_as_null=True)),
    Column("retry_of", String(64)),
    Column("simulated", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("completed_at_ms", BigInteger),
    Column("deleted_at_ms", BigInteger),
    UniqueConstraint("api_key", "idem_key"),
    Index("ix_film_status_lease", "status", "lease_until_ms"),
    Index("ix_film_key_created", "api_key", "created_at_ms"),
    Index("ix_film_account_created", "account", "created_at_ms"),
)

segment = Table(
    "segment",
    metadata,
    Column("film", ForeignKey("film.id"), primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("kept_s", Integer, nullable=False),
    Column("rendered_s", Integer, nullable=False),
    Column("price_mc", BigInteger, nullable=False),
    Column("hold", ForeignKey("transfer.id"), unique=True),
    Column("state", String(16), nullable=False),
    Column("ready_attempt", String(64)),
    Column("object_key", String(512)),
    Column("sha256", String(64)),
    Column("size_bytes", BigInteger),
    #: What its part shows: the object of its cover, and how alike the pictures are on both sides of a chained cut.
    Column("cover_key", String(512)),
    Column("seam_similarity", Float),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("film", ForeignKey("film.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("vendor", String(32), nullable=False),
    Column("model", String(64), nullable=False),
    Column("key_print", String(16), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("provider_job_id", String(128)),
    Column("t_intent_ms", BigInteger, nullable=False),
    Column("submitted_at_ms", BigInteger),
    Column("ended_at_ms", BigInteger),
    Column("failure", JSON(none_as_null=True)),
    Column("object_key", String(512)),
    Column("sha256", String(64)),
    Column("size_bytes", BigInteger),
    Column("estimated_micro", BigInteger),
    Column("charged_micro", BigInteger),
    Column("refunded_micro", BigInteger),
    UniqueConstraint("vendor", "provider_job_id"),
    Index("ix_attempt_film_purpose_slot", "film", "purpose", "slot"),
    Index("ix_attempt_vendor_fingerprint", "vendor", "fingerprint"),
    Index("ix_attempt_vendor_intent", "vendor", "t_intent_ms"),
)

#: A vendor's word that a job may have ended: a hint to poll now, which decides nothing.
callback = Table(
    "callback",
    metadata,
    Column("attempt", ForeignKey("attempt.id"), primary_key=True),
    Column("received_at_ms", BigInteger, nullable=False),
)

provider_entry = Table(
    "provider_entry",
    metadata,
    Column("id", _Counter, primary_key=True, autoincrement=True),
    Column("vendor", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_micro", BigInteger),
    Column("attempt", String(64)),
    Column("provider_job_id", String(128)),
    Column("created_at_ms", BigInteger, nullable=False),
    Index("ix_provider_entry_vendor_created", "vendor", "created_at_ms"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("film", ForeignKey("film.id"), nullable=False),
    Column("compose_n", Integer, nullable=False),
    Column("event", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("body", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at_ms", BigInteger, nullable=False),
    #: What the receiver answered last, for people.
    Column("outcome", String(200)),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("film", "compose_n", "event"),
    Index("ix_outbox_state_next", "state", "next_at_ms"),
)

rate_gate = Table(
    "rate_gate",
    metadata,
    Column("vendor", String(32), primary_key=True),
    Column("key_print", String(16), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("granted_at_ms", JSON, nullable=False),
    Column("closed_until_ms", BigInteger, nullable=False),
    Column("refused_n", Integer, nullable=False, server_default="0"),
)

gate_waiter = Table(
    "gate_waiter",
    metadata,
    Column("vendor", String(32), primary_key=True),
    Column("key_print", String(16), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("film", String(64), primary_key=True),
    Column("last_grant_ms", BigInteger, nullable=False),
    Column("back_at_ms", BigInteger, nullable=False),
)

process = Table(
    "process",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("host", String(128), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
)
