"""Alembic's entry: runs the migrations on the URL that ledger/database/engine hands over."""

import asyncio

from alembic import context
from sqlalchemy import Connection, create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.database.schema import metadata


def _run(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Two processes may start at once: the second waits here and then finds the work done.
        connection.exec_driver_sql("PRAGMA busy_timeout=30000")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.commit()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7318340)")
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def _migrate_sqlite(url: str) -> None:
    engine = create_engine(url.replace("sqlite+aiosqlite:", "sqlite:"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        _run(connection)


async def _migrate(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


if context.config.attributes["url"].startswith("sqlite"):
    _migrate_sqlite(context.config.attributes["url"])
else:
    asyncio.run(_migrate(context.config.attributes["url"]))
