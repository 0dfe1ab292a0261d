"""One event a status of a film, with its figures; automations listen to them."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect.events import emit_event

from film.credits import credits_number
from film.status import SegmentState
from ledger.database.records import Film, Segment


class StatusEvents:
    """Emits each status that a film entered, once."""

    def __init__(self) -> None:
        #: Statuses entered earlier were told by an earlier run.
        self.since_ms = 0
        self._emitted: set[tuple[str, int]] = set()

    def emit(self, film: Film, segments: list[Segment]) -> None:
        """Emit what is new in a film's row; it waits for nothing."""
        for status, at_ms in sorted(film.stage_times_ms.items(), key=lambda entry: entry[1]):
            if at_ms < self.since_ms or (status, at_ms) in self._emitted:
                continue
            self._emitted.add((status, at_ms))
            emit_event(
                event=f"longvideo.film.{status}",
                resource={
                    "prefect.resource.id": f"longvideo.film.{film.id}",
                    "prefect.resource.name": film.id,
                    "longvideo.film.status": status,
                },
                occurred=datetime.fromtimestamp(at_ms / 1000, UTC),
                payload=_payload(film, segments, status),
                # A run that takes over may tell the last status again: it is the same event.
                id=uuid5(NAMESPACE_URL, f"longvideo:{film.id}:{status}:{at_ms}"),
            )


def _payload(film: Film, segments: list[Segment], status: str) -> dict[str, Any]:
    """Return a status event's figures; credits are numbers, as in the webhook."""
    return {
        "film_id": film.id,
        "status": status,
        "duration": film.request.duration,
        "provider": film.request.provider,
        "segments": len(segments),
        "segments_ready": sum(segment.state is SegmentState.READY for segment in segments),
        "progress": film.progress,
        "cost_estimate": credits_number(film.cost_estimate_mc),
        "cost_actual": None if film.cost_actual_mc is None else credits_number(film.cost_actual_mc),
        "error": None if film.error is None else film.error.as_json(),
        "simulated": film.simulated,
    }
