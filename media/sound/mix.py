"""Mix: narration, music and the clips' own sound become the film's one AAC track, at one loudness."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import ffmpeg

from film.canvas import SAMPLE_RATE, samples_of
from media import encoding
from media.command import run_ffmpeg
from media.ingest.safe_open import trusted_input
from media.sound.levelling import (
    QUIET_LUFS,
    SHORT_LU,
    TARGET_LUFS,
    Setting,
    Try,
    best,
    first_setting,
    next_setting,
    plain_setting,
)
from media.sound.loudness import Loudness, measure, silent_runs
from media.sound.native import native_gains
from media.sound.stems import STEM_FORM, lay, lay_bed, make_stem
from media.sound.voice_fit import FittedVoice, decode

#: The leading stem's loudness before the common gain; the ducking threshold is set against it.
LEAD_LUFS: Final = -18.0
#: So much of a piece of music may be silence before it begins.
MUSIC_LEAD_S: Final = 60.0
#: Gains are set anew at most so often.
ROUNDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A film's finished sound, measured after AAC."""

    sound: Path
    samples: int
    loudness_lufs: float
    true_peak_dbtp: float
    #: Nothing in it is loud enough to be brought to the target.
    silent: bool
    #: Runs of a second and more without sound: first sample, and the one after the last.
    silent_runs: tuple[tuple[int, int], ...]
    #: How far it stays under the target because its peaks forbid more; 0 where it is reached.
    short_lu: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stem:
    path: Path
    #: Loudness under the leading stem's, in LU (0 = it leads).
    under_lu: float
    loudness: Loudness
    #: Whether it is brought to its place; room noise is left as it is.
    raised: bool

    @property
    def gain_db(self) -> float:
        if not self.raised:
            return 0.0
        return LEAD_LUFS - self.under_lu - self.loudness.loudness_lufs


async def mix(
    *,
    frames: int,
    narration: Sequence[FittedVoice],
    music: Path | None,
    native: Sequence[tuple[Path, int]],
    into: Path,
) -> Mix:
    """Make the sound of a film of `frames` frames.

    Args:
        frames: The film's length; the sound has exactly 2000 samples a frame.
        narration: Voices as `place` returned them.
        music: A validated piece of music or None; looped, ducked under the narration, faded at the end.
        native: The parts' own sound with the film's sample at which each starts.
        into: The .m4a file to write.

    Returns:
        The file and what was measured on it.

    Raises:
        ClipRejected: The music can't be decoded.
    """
    samples = samples_of(frames)
    with TemporaryDirectory(prefix=".mix-", dir=into.parent) as name:
        folder = Path(name)
        stems = await _stems(folder, samples=samples, narration=narration, music=music, native=native)
        blended = folder / "blended.wav"
        await _blend(stems, blended, samples=samples)
        draft = folder / "sound.m4a"
        silences = folder / "silences.log"
        heard, silent = await _finish(blended, draft, silences, samples=samples)
        runs = silent_runs(silences, samples=samples)
        draft.replace(into)
    off_lu = TARGET_LUFS - heard.loudness_lufs
    return Mix(
        sound=into,
        samples=samples,
        loudness_lufs=heard.loudness_lufs,
        true_peak_dbtp=heard.true_peak_dbtp,
        silent=silent,
        silent_runs=runs,
        short_lu=off_lu if not silent and off_lu > SHORT_LU else 0.0,
    )


async def _stems(
    folder: Path,
    *,
    samples: int,
    narration: Sequence[FittedVoice],
    music: Path | None,
    native: Sequence[tuple[Path, int]],
) -> dict[str, _Stem]:
    voice, bed, own = folder / "voice.pcm", folder / "bed.pcm", folder / "own.pcm"
    tune = folder / "tune.wav"
    if music is not None:
        await decode(music, tune, limit_s=samples / SAMPLE_RATE + MUSIC_LEAD_S)

    gains_db = await native_gains([sound for sound, _ in native])

    def write() -> None:
        for fitted in narration:
            _made(voice, samples)
            lay(voice, fitted.sound, start_sample=fitted.start_sample, edges=False)
        for (sound, start_sample), gain_db in zip(native, gains_db, strict=True):
            _made(own, samples)
            lay(own, sound, start_sample=start_sample, edges=True, gain_db=gain_db)
        if music is not None:
            make_stem(bed, samples=samples)
            lay_bed(bed, tune, samples=samples)

    await asyncio.to_thread(write)
    # Under a voice music lies lower than a clip's own sound does; without a voice the clips lead.
    unders = {
        "voice": 0.0,
        "own": 11.0 if narration else 0.0,
        "bed": 9.0 if narration else 12.0 if native else 0.0,
    }
    found: dict[str, _Stem] = {}
    for path in (voice, own, bed):
        if not path.exists():
            continue
        loudness = await measure(path, form=STEM_FORM)
        if not loudness.silent:
            # A voice was asked for, so it is brought up however faint it is.
            raised = path == voice or loudness.loudness_lufs >= QUIET_LUFS
            found[path.stem] = _Stem(path=path, under_lu=unders[path.stem], loudness=loudness, raised=raised)
    return found


def _made(stem: Path, samples: int) -> None:
    if not stem.exists():
        make_stem(stem, samples=samples)


async def _blend(stems: dict[str, _Stem], into: Path, *, samples: int) -> None:
    # 32-bit floats: nothing clips before the limiter has seen it.
    layers = {
        name: ffmpeg.input(str(stem.path), **STEM_FORM, **trusted_input())
        .audio.filter("aformat", sample_fmts="fltp")
        .filter("volume", f"{stem.gain_db:.3f}dB")
        for name, stem in stems.items()
    }
    under = _sum([layers[name] for name in ("own", "bed") if name in layers])
    if "voice" in layers and under is not None:
        voice = layers["voice"].asplit()
        under = ffmpeg.filter(
            [under, voice[0]], "sidechaincompress", threshold=0.02, ratio=5, attack=25, release=450, knee=4
        )
        mixed = _sum([voice[1], under])
    else:
        mixed = layers.get("voice", under)
    if mixed is None:
        mixed = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi").audio
    mixed = mixed.filter("apad").filter("atrim", end_sample=samples)
    output = ffmpeg.output(mixed, str(into), **{**encoding.PCM, "c:a": "pcm_f32le"})
    await run_ffmpeg(output.compile()[1:], deadline_s=180)


def _sum(layers: list[Any]) -> Any | None:
    if len(layers) < 2:
        return layers[0] if layers else None
    return ffmpeg.filter(layers, "amix", inputs=len(layers), normalize=0, duration="longest")


async def _finish(blended: Path, into: Path, silences: Path, *, samples: int) -> tuple[Loudness, bool]:
    before = await measure(blended)
    if before.loudness_lufs < QUIET_LUFS:
        await _encode(blended, into, samples=samples, gain_db=0.0, ceiling_db=None)
        return await measure(into, silences=silences), True
    tries: list[Try] = []
    setting: Setting | None = first_setting(before)
    while setting is not None and len(tries) < ROUNDS:
        tries.append(await _tried(blended, into, silences, setting, before=before, samples=samples))
        setting = None if tries[-1].good else next_setting(before, tries)
    chosen = best(tries)
    if chosen is not tries[-1]:
        setting = plain_setting(before) if chosen is None else chosen.setting
        chosen = await _tried(blended, into, silences, setting, before=before, samples=samples)
    return chosen.heard, False


async def _tried(blended: Path, into: Path, silences: Path, setting: Setting, *, before: Loudness, samples: int) -> Try:
    limited = before.true_peak_dbtp + setting.gain_db > setting.ceiling_dbtp
    ceiling = setting.ceiling_dbtp if limited else None
    await _encode(blended, into, samples=samples, gain_db=setting.gain_db, ceiling_db=ceiling)
    return Try(setting=setting, heard=await measure(into, silences=silences))


async def _encode(blended: Path, into: Path, *, samples: int, gain_db: float, ceiling_db: float | None) -> None:
    stream = ffmpeg.input(str(blended), **trusted_input()).audio.filter("volume", f"{gain_db:.3f}dB")
    if ceiling_db is not None:
        # Limited at four times the rate: between two samples a curve can rise above both.
        stream = (
            stream.filter("aresample", 4 * SAMPLE_RATE)
            .filter("alimiter", limit=f"{10 ** (ceiling_db / 20):.5f}", attack=3, release=60, level=0, latency=1)
            .filter("aresample", SAMPLE_RATE)
        )
    stream = stream.filter("apad").filter("atrim", end_sample=samples)
    await run_ffmpeg(ffmpeg.output(stream, str(into), **encoding.AAC).compile()[1:], deadline_s=180)
