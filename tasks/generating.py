"""generating: every segment is bought, stored, gated, posted and conformed on arrival; sound is bought meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State

from film.canvas import frames_of
from film.orders import ClipOrder, ImageRef, Purpose, fingerprint
from film.plan import Slot
from film.prompts import clip_prompt
from film.request import Continuity
from film.status import Status
from film.storyboard import Storyboard
from ledger.attempts import Purchase
from ledger.rows import Anchor
from media.conform import conform
from media.gate import gate_clip, gate_image
from media.part import Part, read_part
from tasks.anchoring import image_ref
from tasks.blame import blaming
from tasks.render import Wanted, buy
from tasks.run import FilmRun
from tasks.sound import Line, Tune, buy_line, buy_tune
from tasks.stage import outcome, piece, stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """Everything the film is made of: its parts in order, its lines of narration, its music."""

    parts: Sequence[Part]
    lines: Sequence[Line]
    tune: Tune | None


@stage(Status.GENERATING, of_pieces=True)
async def generating(run: FilmRun, storyboard: Storyboard, anchors: Sequence[Anchor]) -> Footage:
    """Return the film's conformed parts and its bought sound; the first definite fault stops every new submit.

    Raises:
        StageFault: Names the segment, or the sound, that definitely failed.
    """
    request, plan = run.opened.request, run.opened.plan
    chain = _Chain(len(plan)) if request.continuity is Continuity.CHAINED else None
    async with asyncio.TaskGroup() as group:
        segments = [
            group.create_task(_segment(run, slot.index, storyboard=storyboard, anchors=anchors, chain=chain))
            for slot in plan
        ]
        lines = [
            group.create_task(_narration(run, shot.index, storyboard=storyboard))
            for shot in storyboard.shots
            if request.wants_narration and shot.narration
        ]
        tunes = [group.create_task(_music(run, storyboard=storyboard))] if request.wants_music else []
    everything: list[asyncio.Task[Any]] = [*segments, *lines, *tunes]
    states: list[State[Any]] = [task.result() for task in everything]
    for state in states:
        if state.is_failed():
            await outcome(state)  # raises; the siblings that were merely stopped have nothing to say
    tune = [await outcome(task.result()) for task in tunes]
    return Footage(
        parts=[await outcome(task.result()) for task in segments],
        lines=[await outcome(task.result()) for task in lines],
        tune=tune[0] if tune else None,
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


@piece("segment", run_name="segment {index}")
async def _segment(
    run: FilmRun, index: int, *, storyboard: Storyboard, anchors: Sequence[Anchor], chain: _Chain | None
) -> Part:
    slot = run.opened.plan[index]
    with blaming(Status.GENERATING, segment=index):
        first = None if chain is None else await _first_frame(run, index, anchors, chain)
        order = _order(run, slot, storyboard, anchors if chain is None else (), first)
        counter = run.studio.video(run.opened.request.provider)
        content = fingerprint(counter.rule.model, order)
        wanted = Wanted(
            purchase=Purchase(purpose=Purpose.SEGMENT, slot=index, order=order, fingerprint=content),
            folder=f"clips/{content}",
            suffix=".mp4",
            gate=lambda file: gate_clip(file, kept_s=slot.kept_s),
        )
        stored = await buy(run.studio.desk, run.lease, wanted, counter)
    with blaming(Status.COMPOSING, segment=index):
        part = await _part(run, slot, stored.object_key, stored.sha256)
    if chain is not None:
        chain.ended(index, part.last_frame)
    return part


@piece("narration", run_name="narration {index}")
async def _narration(run: FilmRun, index: int, *, storyboard: Storyboard) -> Line:
    return await buy_line(run, storyboard.shots[index])


@piece("music", run_name="music")
async def _music(run: FilmRun, *, storyboard: Storyboard) -> Tune:
    return await buy_tune(run, storyboard)


def _order(
    run: FilmRun, slot: Slot, storyboard: Storyboard, anchors: Sequence[Anchor], first: ImageRef | None
) -> ClipOrder:
    request, shot = run.opened.request, storyboard.shots[slot.index]
    # A customer's images belong to the whole film, a character's sheet to the shots it is in.
    shown = [anchor for anchor in anchors if not anchor.character_id or anchor.character_id in shot.character_ids]
    image_of: Mapping[str, int] = {
        anchor.character_id: number for number, anchor in enumerate(shown, start=1) if anchor.character_id
    }
    return ClipOrder(
        prompt=clip_prompt(storyboard, shot, image_of=image_of),
        rendered_s=slot.rendered_s,
        resolution=request.resolution,
        ratio=request.aspect_ratio,
        sound=request.native_sound,
        references=tuple(image_ref(anchor) for anchor in shown),
        first_frame=first,
        seed=request.seed,
    )


async def _first_frame(run: FilmRun, index: int, anchors: Sequence[Anchor], chain: _Chain) -> ImageRef | None:
    before = await chain.frame_before(index)
    if before is None:
        return image_ref(anchors[0]) if anchors else None
    facts = await asyncio.to_thread(gate_image, before)
    url = await run.studio.storage().upload(before, content_type=f"image/{facts.format.lower()}")
    return ImageRef(url=url, width=facts.width, height=facts.height, size_bytes=before.stat().st_size)


async def _part(run: FilmRun, slot: Slot, object_key: str, sha256: str) -> Part:
    """Conform a stored clip, unless its part is there from an earlier run."""
    canvas, frames = run.opened.request.canvas, frames_of(slot.kept_s)
    folder = run.studio.work / "parts" / f"{sha256[:32]}-{canvas.width}x{canvas.height}-{frames}"
    part = await asyncio.to_thread(read_part, folder)
    if part is not None:
        return part
    folder.parent.mkdir(parents=True, exist_ok=True)
    async with run.studio.local_copy(object_key) as clip:
        return await conform(clip, canvas=canvas, frames=frames, into=folder)
