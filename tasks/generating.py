"""generating: each segment is bought, stored, validated, posted and conformed on arrival; sound is bought meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from film.cues import Cue
from film.job_specs import ClipSpec, ImageRef, Purpose, fingerprint
from film.plan import Slot, shot_starts
from film.prompts import clip_prompt
from film.purchases import clip_spec
from film.request import Continuity, Subtitles
from film.spoken import speaks
from film.status import SegmentState, Status
from film.storyboard import Storyboard
from ledger.database.records import Anchor, Segment
from ledger.films import queries
from ledger.purchases.attempt import StoredFile
from ledger.purchases.attempts import Purchase
from media.ingest.validate import validate_clip
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from tasks.narration import Line, buy_line
from tasks.parts import ConformedSegment, conform_segment
from tasks.pictures import anchor_reference, frame_reference
from tasks.run.faults import as_stage_failure
from tasks.run.film_run import FilmRun
from tasks.run.stage import gather_all, stage, subtask
from tasks.sound import buy_music


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """Everything the film is made of: its shots in order, its placed narration, the stored file of its music."""

    segments: Sequence[ConformedSegment]
    lines: Sequence[Line]
    music: StoredFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """What every segment of a film looks at."""

    storyboard: Storyboard
    anchors: Sequence[Anchor]
    chain: "_Chain | None"
    #: The segments' rows: what a former film has ready is adopted, not bought.
    segments: Sequence[Segment]
    #: Narration that is burned in, by segment: the part is encoded once, so it waits for its line.
    lines: Mapping[int, asyncio.Task[Line]]


@stage(Status.GENERATING, of_subtasks=True)
async def generating(run: FilmRun, storyboard: Storyboard, anchors: Sequence[Anchor]) -> Footage:
    """Return the film's conformed parts and its sound; the first definite fault stops every new submit.

    Raises:
        StageFailed: Names the segment, or the sound, that definitely failed.
    """
    request, plan, shots = run.opened.request, run.opened.plan, storyboard.shots
    spoken = [shot for shot in shots if request.wants_narration and speaks(shot.narration)]
    rows = await queries.get_segments(run.ctx.database, run.film_id)
    lines = {shot.index: asyncio.create_task(_narration(run, shot.index, storyboard=storyboard)) for shot in spoken}
    script = _Script(
        storyboard=storyboard,
        anchors=anchors,
        segments=rows,
        chain=_Chain(len(plan)) if request.continuity is Continuity.CHAINED else None,
        lines=lines if request.subtitles is Subtitles.BURNED else {},
    )
    segments = [asyncio.create_task(_segment(run, slot.index, script=script)) for slot in plan]
    music = asyncio.create_task(_music(run, storyboard=storyboard)) if request.wants_music else None
    await gather_all(*segments, *lines.values(), *([music] if music else []))
    return Footage(
        segments=[task.result() for task in segments],
        lines=[task.result() for task in lines.values()],
        music=music.result() if music else None,
    )


class _Chain:
    """The cuts of a chained film: segment N+1 starts on the last frame of N, so it waits for it."""

    def __init__(self, segments: int) -> None:
        loop = asyncio.get_running_loop()
        self._ends: list[asyncio.Future[Path]] = [loop.create_future() for _ in range(segments)]

    async def frame_before(self, index: int) -> Path | None:
        return None if index == 0 else await self._ends[index - 1]

    def ended(self, index: int, last_frame: Path) -> None:
        self._ends[index].set_result(last_frame)


@subtask("segment", run_name="segment {0}")
async def _segment(run: FilmRun, index: int, *, script: _Script) -> ConformedSegment:
    slot = run.opened.plan[index]
    with as_stage_failure(Status.GENERATING, segment=index):
        stored = _ready(script.segments[index]) or await _bought(run, slot, script)
    with as_stage_failure(Status.COMPOSING, segment=index):
        burned = await _burned(run, slot, script)
        before = None if script.chain is None else await script.chain.frame_before(index)
        shot = await conform_segment(run, slot, stored, cues=burned, before=before)
    await run.presenter.set_thumbnail(index, shot.part.cover)
    if script.chain is not None:
        script.chain.ended(index, shot.part.last_frame)
    return shot


async def _burned(run: FilmRun, slot: Slot, script: _Script) -> list[Cue]:
    """Return what is said during a segment: its own line, and the one before where that runs over the cut."""
    cues = [(await script.lines[near]).cue for near in (slot.index - 1, slot.index) if near in script.lines]
    start = shot_starts(run.opened.plan)[slot.index]
    return [cue for cue in cues if cue.end_sample > start]


def _ready(segment: Segment) -> StoredFile | None:
    if segment.state is not SegmentState.READY or not segment.object_key or not segment.sha256:
        return None
    return StoredFile(object_key=segment.object_key, sha256=segment.sha256, size_bytes=segment.size_bytes or 0)


async def _bought(run: FilmRun, slot: Slot, script: _Script) -> StoredFile:
    vendor = run.ctx.video_vendor(run.opened.request.provider)
    job_spec = await _order(run, slot, script)
    content = fingerprint(vendor.rate_limit.model, job_spec)
    purchase_spec = PurchaseSpec(
        purchase=Purchase(purpose=Purpose.SEGMENT, slot=slot.index, job_spec=job_spec, fingerprint=content),
        key_prefix=f"clips/{content}",
        suffix=".mp4",
        validate=lambda file: validate_clip(file, kept_s=slot.kept_s),
        queue_turn=run.turns[vendor.rate_limit],
    )
    return await buy(run.ctx.purchasing, run.lease, purchase_spec, vendor)


@subtask("narration", run_name="narration {0}")
async def _narration(run: FilmRun, index: int, *, storyboard: Storyboard) -> Line:
    shots = storyboard.shots
    return await buy_line(run, shots[index], following=shots[index + 1] if index + 1 < len(shots) else None)


@subtask("music", run_name="music")
async def _music(run: FilmRun, *, storyboard: Storyboard) -> StoredFile:
    return await buy_music(run, storyboard)


async def _order(run: FilmRun, slot: Slot, script: _Script) -> ClipSpec:
    request, shot = run.opened.request, script.storyboard.shots[slot.index]
    # A customer's images belong to the whole film, a character's sheet to the shots it is in. Frames and references
    # are never mixed: a chained film has none of the latter.
    shown = [
        anchor for anchor in script.anchors if not anchor.character_id or anchor.character_id in shot.character_ids
    ]
    if script.chain is not None:
        shown = []
    image_of = {anchor.character_id: number for number, anchor in enumerate(shown, start=1) if anchor.character_id}
    return clip_spec(
        request,
        slot,
        clip_prompt(script.storyboard, shot, image_of=image_of),
        references=[await anchor_reference(run, anchor) for anchor in shown],
        first_frame=None if script.chain is None else await _first_frame(run, slot.index, script.anchors, script.chain),
    )


async def _first_frame(run: FilmRun, index: int, anchors: Sequence[Anchor], chain: _Chain) -> ImageRef | None:
    before = await chain.frame_before(index)
    if before is not None:
        return await frame_reference(run, before)
    return await anchor_reference(run, anchors[0]) if anchors else None
