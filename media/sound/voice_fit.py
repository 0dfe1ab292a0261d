"""Place: a vendor's voice or music, decoded to plain PCM; a voice is trimmed, fitted to its room, and levelled."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import ffmpeg

from film.canvas import SAMPLE_RATE
from film.errors import CommandFailed, NarrationTooLong
from media import encoding
from media.command import run_ffmpeg
from media.ingest.ffmpeg_errors import classify_failure
from media.ingest.safe_open import trusted_input
from media.ingest.validate import sound_kind
from media.sound.pcm import Sound, write_wav
from media.sound.voice import levelled, words_of

#: A voice may be spoken this much faster, no more.
TEMPO_LIMIT: Final = 1.25
#: A faster voice aims at this much less than its room (10 ms): the stretch is exact to a few ms only.
_TEMPO_MARGIN: Final = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedVoice:
    """A voice as it goes into the film: a WAV file, from `start_sample` to `end_sample` (the one after its last)."""

    sound: Path
    start_sample: int
    end_sample: int
    #: How much faster than recorded (1.0 to 1.25).
    tempo: float


async def fit_voice(sound: Path, *, start_sample: int, room_samples: int, into: Path) -> FittedVoice:
    """Trim what is around a voice, make it faster if its room asks for that, bring it to every line's loudness.

    Args:
        sound: A file that `validate_sound` let in.
        start_sample: Where its first audible sample shall stand in the film.
        room_samples: Samples it may take.
        into: The WAV file to write.

    Returns:
        Where it stands, exactly.

    Raises:
        NarrationTooLong: Even at 1.25 times the tempo it doesn't fit.
        ClipRejected: It can't be decoded, or holds only silence.
    """
    with TemporaryDirectory(prefix=".place-", dir=into.parent) as folder:
        plain = Path(folder) / "plain.wav"
        await decode(sound, plain)
        voice = await asyncio.to_thread(words_of, plain)
        tempo = 1.0
        if len(voice) > room_samples:
            tempo = _tempo(len(voice), room_samples)
            voice = await _faster(voice, tempo, Path(folder))
        voice = await levelled(voice, Path(folder))
        await asyncio.to_thread(write_wav, Path(folder) / "placed.wav", voice[:room_samples])
        (Path(folder) / "placed.wav").replace(into)
    end = start_sample + min(len(voice), room_samples)
    return FittedVoice(sound=into, start_sample=start_sample, end_sample=end, tempo=tempo)


async def decode(sound: Path, into: Path, *, limit_s: float | None = None) -> None:
    """Decode a validated sound, or its first `limit_s` seconds, to a WAV file of this room's form.

    Raises:
        ClipRejected: It can't be decoded.
    """
    kind = sound_kind(sound)
    # A stray frame in an MP3 is common and harmless: here damage is skipped, not fatal.
    source = ffmpeg.input(str(sound), f=kind.value, protocol_whitelist="file")
    settings = encoding.PCM if limit_s is None else {**encoding.PCM, "t": limit_s}
    try:
        await run_ffmpeg(ffmpeg.output(source.audio, str(into), **settings).compile()[1:], deadline_s=120)
    except CommandFailed as error:
        raise classify_failure(error, folder=into.parent) from error


def _tempo(length: int, room: int) -> float:
    tempo = length / max(1, room - _TEMPO_MARGIN)
    if tempo > TEMPO_LIMIT:
        raise NarrationTooLong(
            factor=tempo, limit=TEMPO_LIMIT, length_s=length / SAMPLE_RATE, room_s=room / SAMPLE_RATE
        )
    return tempo


async def _faster(voice: Sound, tempo: float, folder: Path) -> Sound:
    slow, fast = folder / "slow.wav", folder / "fast.wav"
    await asyncio.to_thread(write_wav, slow, voice)
    stream = ffmpeg.input(str(slow), **trusted_input()).audio.filter("atempo", f"{tempo:.6f}")
    await run_ffmpeg(ffmpeg.output(stream, str(fast), **encoding.PCM).compile()[1:], deadline_s=120)
    return await asyncio.to_thread(words_of, fast)  # the stretch may have moved the onset
