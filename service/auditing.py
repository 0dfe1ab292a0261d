"""`longvideo audit`: all rows, then the stored files, then, where asked, the vendors' own books."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from film.errors import StoreUnusable
from ledger.audit import audit_rows
from ledger.audit_check import Finding
from ledger.audit_outside import RecordedFile, recorded_files
from ledger.database import Books
from store.objects import Objects, file_facts
from tasks.limits import submit_limits
from tasks.open_ledger import open_ledger
from tasks.settings import Settings

_LOOKS_AT_ONCE: Final = 8
_ItemT = TypeVar("_ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an audit found; `notes` say what could not be compared, and why."""

    films: int
    transfers: int
    findings: Sequence[Finding]
    notes: Sequence[str]

    def summary(self) -> str:
        """Return the audit's last line."""
        return f"films {self.films}, transfers {self.transfers}: {len(self.findings)} faults"

    def as_json(self) -> dict[str, object]:
        """Return it as scripts get it."""
        faults = [finding.as_json() for finding in self.findings]
        return {"films": self.films, "transfers": self.transfers, "faults": faults, "notes": list(self.notes)}


async def audited(settings: Settings, *, deep: bool, providers: bool) -> Report:
    """Check every invariant that rows, files and vendors can tell; nothing is written and nothing is bought.

    Args:
        settings: Whose ledger and store; their limits are those that submits are held against.
        deep: Read each stored file and compare its hash too, not only its size.
        providers: Ask the vendors for their charges and their lists.

    Raises:
        DatabaseUnusable, StoreUnusable: The books or the store can't be opened.
    """
    async with open_ledger(settings) as books:
        audit = await audit_rows(books, submit_limits(settings))
        findings = [*audit.findings, *await file_findings(books, Objects(settings.objects_url), deep=deep)]
    notes: Sequence[str] = ()
    if providers:
        from service.auditing_vendors import vendor_findings  # noqa: PLC0415 - it opens the studio

        asked, notes = await vendor_findings(settings)
        findings += asked
    return Report(films=audit.films, transfers=audit.transfers, findings=findings, notes=notes)


async def file_findings(books: Books, objects: Objects, *, deep: bool) -> list[Finding]:
    """Return the recorded files that don't lie in the store as they were recorded (I16)."""

    async def look(recorded: RecordedFile) -> list[Finding]:
        try:
            detail = await _difference(objects, recorded, deep=deep)
        except StoreUnusable as error:
            detail = str(error)
        return [] if detail is None else [Finding(invariant="I16", where=recorded.where, detail=detail)]

    return await each(await recorded_files(books), look)


async def _difference(objects: Objects, recorded: RecordedFile, *, deep: bool) -> str | None:
    """Return what is wrong with a stored file, None if nothing is."""
    file = recorded.file
    size_bytes = await objects.size_of(file.object_key)
    if size_bytes is None:
        return f"{file.object_key} is not in the store"
    if size_bytes != file.size_bytes:
        return f"{file.object_key} has {size_bytes} bytes, recorded are {file.size_bytes}"
    if deep and await _sha256(objects, file.object_key) != file.sha256:
        return f"{file.object_key} has another content than was recorded"
    return None


async def _sha256(objects: Objects, object_key: str) -> str:
    with TemporaryDirectory(prefix="longvideo-audit-") as folder:
        path = objects.local_path(object_key)
        if path is None:
            path = Path(folder) / "copy"
            await objects.read(object_key, path)
        try:
            return (await asyncio.to_thread(file_facts, path)).sha256
        except OSError as error:
            raise StoreUnusable(where=str(path), reason=str(error)) from error


async def each(items: Iterable[_ItemT], look: Callable[[_ItemT], Awaitable[list[Finding]]]) -> list[Finding]:
    """Look at every item, a few at once, and return all that was found, in the items' order."""
    queue, found = iter(enumerate(items)), dict[int, list[Finding]]()

    async def work() -> None:
        for number, item in queue:
            found[number] = await look(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(_LOOKS_AT_ONCE):
            group.create_task(work())
    return [finding for number in sorted(found) for finding in found[number]]
