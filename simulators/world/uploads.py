"""Files that customers put to presigned addresses: remembered when signed, stored whole, found at their own URL."""

import asyncio
import secrets
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiosqlite

from simulators.world.errors import Refusal
from simulators.world.world import World

#: Vendor seconds a presigned address can be used.
SIGNATURE_LIFE_S: Final = 900.0
_FOLDER: Final = "uploads"


def _refused(status: int, code: str) -> Refusal:
    return Refusal(status, {"xml": f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"})


class Uploads:
    """The store behind ListenHub's `POST /v1/files`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def presign(self, *, user: str, name: str, content_type: str, limit_bytes: int) -> tuple[str, str]:
        """Return the path of a new file and the query that allows to put it there."""
        upload_id, signature = secrets.token_hex(12), secrets.token_hex(20)
        path = f"/assets/{_FOLDER}/{upload_id}/{quote(name.rsplit('/', 1)[-1])}"
        async with self._world.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO presigned (id, user, path, content_type, limit_bytes, signature, created_ms, stored)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (upload_id, user, path, content_type, limit_bytes, signature, self._world.clock.now_ms()),
            )
        return path, f"X-Goog-Expires={int(SIGNATURE_LIFE_S)}&X-Goog-Signature={signature}"

    async def store(self, upload_id: str, *, signature: str | None, content_type: str | None, content: bytes) -> None:
        """Store what was put.

        Raises:
            Refusal: The signature or the content type is another than was signed, its time is over, or it is too large.
        """
        row = await self._row(upload_id)
        if row is None or signature != row["signature"] or content_type != row["content_type"]:
            raise _refused(403, "SignatureDoesNotMatch")
        clock = self._world.clock
        if clock.now_ms() > row["created_ms"] + clock.scaled_ms(SIGNATURE_LIFE_S):
            raise _refused(400, "ExpiredToken")
        if len(content) > row["limit_bytes"]:
            raise _refused(400, "EntityTooLarge")
        file = self._file(row)
        await asyncio.to_thread(_write, file, content)
        async with self._world.database.transaction() as connection:
            await connection.execute("UPDATE presigned SET stored = 1 WHERE id = ?", (upload_id,))

    async def find(self, upload_id: str) -> tuple[Path, str]:
        """Return a stored file and its content type.

        Raises:
            Refusal: Nothing was stored there.
        """
        row = await self._row(upload_id)
        if row is None or not row["stored"]:
            raise _refused(404, "NoSuchKey")
        return self._file(row), row["content_type"]

    async def _row(self, upload_id: str) -> aiosqlite.Row | None:
        rows = await self._world.database.rows("SELECT * FROM presigned WHERE id = ?", (upload_id,))
        return rows[0] if rows else None

    def _file(self, row: aiosqlite.Row) -> Path:
        return self._world.settings.assets / _FOLDER / str(row["id"]) / str(row["path"]).rsplit("/", 1)[-1]


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(file)
