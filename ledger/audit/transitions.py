"""The audit of the films' walks: the recorded stages follow one another as the table allows, up to the status (I14)."""

from collections.abc import Mapping
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from film.status import TERMINAL, TRANSITIONS, Status
from ledger.audit.check import Finding
from ledger.audit.films import SKEW_MS
from ledger.database import schema


async def transition_findings(conn: AsyncConnection) -> list[Finding]:
    """Return the films whose status or recorded stages the table doesn't allow; one pass over all films."""
    table = schema.film
    found = await conn.execute(
        select(table.c.id, table.c.status, table.c.stage_times_ms, table.c.compose_n, table.c.completed_at_ms)
    )
    findings = []
    for film_id, status, times_ms, compose_n, completed_at_ms in found:
        reasons = _reasons(status, times_ms, composed_again=compose_n > 0)
        if status in TERMINAL and completed_at_ms is None:
            reasons.append(f"is {status} and the time of its end is not recorded")
        findings += [Finding(invariant="I14", where=f"film {film_id}", detail=reason) for reason in reasons]
    return findings


def _reasons(status: str, times_ms: Mapping[str, int], *, composed_again: bool) -> list[str]:
    """Return what is wrong with a walk. The stages are recorded in the order they were entered."""
    known = set(Status)
    strange = [name for name in (status, *times_ms) if name not in known]
    if strange:
        return [f"{strange[0]!r} is no status"]
    walk = [Status(name) for name in times_ms]
    # Composing again is not recorded as a stage of its own.
    entered = {*walk, Status.COMPOSING} if composed_again else set(walk)
    if Status(status) not in entered:
        return [f"is {status}, a stage it never entered"]
    if walk[:1] != [Status.QUEUED]:
        return [f"its walk begins with {walk[0] if walk else status}"]
    if composed_again:
        # Stages entered again keep their place in the record: only how each could be reached at all is left to see.
        return [
            f"entered {stage} from nowhere"
            for stage in walk[1:]
            if not any(stage in TRANSITIONS[former] for former in entered)
        ]
    reasons = [f"went from {former} to {later}" for former, later in pairwise(walk) if later not in TRANSITIONS[former]]
    reasons += [
        f"entered {later} {(times_ms[former] - times_ms[later]) / 1000:.1f} s before {former}"
        for former, later in pairwise(walk)
        if times_ms[later] < times_ms[former] - SKEW_MS
    ]
    if walk[-1] is not Status(status):
        reasons.append(f"is {status} after {walk[-1]}")
    return reasons
