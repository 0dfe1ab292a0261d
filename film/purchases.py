"""What a film buys, for whoever buys it and whoever quotes its price: one place, so that the two can't drift apart."""

from collections.abc import Iterable, Sequence
from typing import Final

from film.job_specs import ClipSpec, ImageRef, ImageSpec, SoundSpec
from film.plan import Slot
from film.request import FilmRequest
from film.storyboard import narration_characters_max

#: The longest piece the voice vendor makes (ListenHub Voice: durationHint 1..110 s); longer films loop it.
_MUSIC_S_MAX: Final = 110


def clip_spec(
    request: FilmRequest,
    slot: Slot,
    prompt: str,
    *,
    references: Sequence[ImageRef] = (),
    first_frame: ImageRef | None = None,
) -> ClipSpec:
    """Return the order of a segment's clip."""
    return ClipSpec(
        prompt=prompt,
        rendered_s=slot.rendered_s,
        resolution=request.resolution,
        ratio=request.aspect_ratio,
        sound=request.native_sound,
        references=tuple(references),
        first_frame=first_frame,
        seed=request.seed,
    )


def line_spec(text: str, voice_id: str | None) -> SoundSpec:
    """Return the order of a line of narration."""
    return SoundSpec(text=text, voice_id=voice_id)


def music_spec(request: FilmRequest, text: str) -> SoundSpec:
    """Return the order of the film's music."""
    return SoundSpec(text=text, duration_hint_s=min(request.duration, _MUSIC_S_MAX))


def sheet_spec(request: FilmRequest, prompt: str) -> ImageSpec:
    """Return the order of a character's reference sheet."""
    return ImageSpec(prompt=prompt, ratio=request.aspect_ratio)


def planned_clips(request: FilmRequest) -> Iterable[ClipSpec]:
    """Yield the clips of a film whose script isn't written yet, in the order of its segments."""
    return (clip_spec(request, slot, "-") for slot in request.plan())


def planned_sounds(request: FilmRequest) -> Iterable[SoundSpec]:
    """Yield the sounds of a film whose script isn't written yet: its lines count at their longest."""
    if request.wants_narration:
        for slot in request.plan():
            yield line_spec("x" * narration_characters_max(slot.kept_s, request.language), request.voice_id)
    if request.buys_music:
        yield music_spec(request, "music")
