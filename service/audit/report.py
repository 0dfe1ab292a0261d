"""`longvideo audit`: all rows, then the stored files, then, where asked, the vendors' own records."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.ledger import open_ledger
from app.settings import Settings
from app.submit_limits import submit_limits
from film.errors import StoreUnavailable
from ledger.audit.check import Finding
from ledger.audit.external import RecordedFile, recorded_files
from ledger.audit.run import audit_rows
from ledger.database.engine import Database
from service.audit.concurrent import gather_limited
from store.objects import Objects, file_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
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


async def run_audit(settings: Settings, *, deep: bool, providers: bool) -> AuditReport:
    """Check every invariant that rows, files and vendors can tell; nothing is written and nothing is bought.

    Args:
        settings: Whose ledger and store; their limits are those that submits are held against.
        deep: Read each stored file and compare its hash too, not only its size.
        providers: Ask the vendors for their charges and their lists.

    Raises:
        DatabaseUnavailable, StoreUnavailable: The ledger or the store can't be opened.
    """
    async with open_ledger(settings) as database:
        audit = await audit_rows(database, submit_limits(settings))
        findings = [*audit.findings, *await file_findings(database, Objects(settings.objects_url), deep=deep)]
    notes: Sequence[str] = ()
    if providers:
        from service.audit.vendors import vendor_findings  # noqa: PLC0415 - it opens the app context

        asked, notes = await vendor_findings(settings)
        findings += asked
    return AuditReport(films=audit.films, transfers=audit.transfers, findings=findings, notes=notes)


async def file_findings(database: Database, objects: Objects, *, deep: bool) -> list[Finding]:
    """Return the recorded files that don't lie in the store as they were recorded (I16)."""

    async def look(recorded: RecordedFile) -> list[Finding]:
        try:
            detail = await _difference(objects, recorded, deep=deep)
        except StoreUnavailable as error:
            detail = str(error)
        return [] if detail is None else [Finding(invariant="I16", where=recorded.where, detail=detail)]

    return await gather_limited(await recorded_files(database), look)


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
            raise StoreUnavailable(where=str(path), reason=str(error)) from error
