"""Material of the compose benchmark: a film's clips, parts, voices and music, made once in a folder."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from film.canvas import FPS, AspectRatio, Canvas, Resolution, canvas_for, samples_of
from film.cues import Cue
from media.command import run_ffmpeg
from media.picture.conform import conform
from media.picture.part import Part, read_part
from media.sound.mix import mix
from media.sound.voice_fit import FittedVoice, fit_voice
from media.text.subtitles import srt

#: Seconds of a segment, and megabits a second of a vendor's clip at each size.
SEGMENT_S: Final = 8
MEGABITS: Final = {Resolution.P480: 4, Resolution.P720: 8, Resolution.P1080: 14}
SPEECH: Final = "aevalsrc='(lt(mod(t,0.18),0.12))*(0.3*sin(880*t)+0.2*sin(2640*t))':s=24000:d=4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Where a film's pieces lie, and how long it is."""

    folder: Path
    resolution: Resolution
    segments: int

    @property
    def canvas(self) -> Canvas:
        """The film's picture size."""
        return canvas_for(self.resolution, AspectRatio.WIDE)

    @property
    def clips(self) -> list[Path]:
        """The vendor's clips: eight seconds and a frame each, with sound."""
        return [self.folder / f"{self.resolution}-{index}.mp4" for index in range(self.segments)]

    @property
    def frames(self) -> list[int]:
        """Frames kept of each clip; 23 of them make 180 s, so the last one is shorter."""
        lengths = [SEGMENT_S * FPS] * self.segments
        return [*lengths[:-1], lengths[-1] // 2] if self.segments == 23 else lengths

    @property
    def starts(self) -> list[int]:
        """The film's sample at which each part starts."""
        return [sum(samples_of(frames) for frames in self.frames[:index]) for index in range(self.segments)]

    def part(self, index: int) -> Part:
        """Return a part made by `prepare`."""
        part = read_part(self.folder / f"{self.resolution}-part{index}")
        if part is None:
            raise FileNotFoundError(self.folder)
        return part

    @property
    def parts(self) -> list[Part]:
        """All parts."""
        return [self.part(index) for index in range(self.segments)]

    @property
    def music(self) -> Path:
        """A piece of music shorter than the film."""
        return self.folder / "music.mp3"

    @property
    def sound(self) -> Path:
        """A finished mix of the film's length."""
        return self.folder / f"{self.segments}.m4a"

    @property
    def subtitles(self) -> Path:
        """A subtitle file."""
        return self.folder / f"{self.segments}.srt"

    @property
    def cues(self) -> list[Cue]:
        """What is said, and when."""
        return [
            Cue(segment=index, text="清晨的城市", start_sample=line.start_sample, end_sample=line.end_sample)
            for index, line in enumerate(self.narration())
        ]

    def narration(self) -> list[FittedVoice]:
        """A voice of about four seconds a segment, half a second after its beginning."""
        voice = self.folder / "voice.wav"
        return [
            FittedVoice(sound=voice, start_sample=start + 24_000, end_sample=start + 24_000 + 190_000, tempo=1.0)
            for start in self.starts
        ]


async def prepare(material: Material) -> None:
    """Make what is missing: clips as a vendor would deliver them, their parts, the sounds."""
    material.folder.mkdir(parents=True, exist_ok=True)
    await _sounds(material)
    async with asyncio.TaskGroup() as group:
        for index in range(material.segments):
            group.create_task(_segment(material, index))
    if not material.sound.exists():
        await mix(
            frames=sum(material.frames),
            narration=material.narration(),
            music=material.music,
            native=[],
            into=material.sound,
        )


async def _segment(material: Material, index: int) -> None:
    clip = material.clips[index]
    width, height = material.canvas.width, material.canvas.height
    if not clip.exists():
        picture = f"testsrc2=s={width}x{height}:r={FPS}:d=8.05,hue=h={index * 15},noise=alls=8:allf=t"
        encoder = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", f"{MEGABITS[material.resolution]}M"]
        source = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine={220 + 20 * index}:r=44100:d=8.05"]
        length = ["-frames:v", str(SEGMENT_S * FPS + 1), "-pix_fmt", "yuv420p", "-c:a", "aac"]
        draft = clip.with_suffix(".draft.mp4")
        await run_ffmpeg([*source, *encoder, *length, draft], deadline_s=300)
        draft.replace(clip)
    into = material.folder / f"{material.resolution}-part{index}"
    part = read_part(into)
    if part is None or part.frames != material.frames[index]:
        await conform(clip, canvas=material.canvas, frames=material.frames[index], into=into)


async def _sounds(material: Material) -> None:
    if not material.music.exists():
        music = ["-f", "lavfi", "-i", "anoisesrc=c=pink:r=44100:d=47:a=0.3"]
        await run_ffmpeg([*music, "-b:a", "128k", material.music], deadline_s=60)
    voice = material.folder / "voice.wav"
    if not voice.exists():
        raw = material.folder / "raw.mp3"
        await run_ffmpeg(["-f", "lavfi", "-i", SPEECH, raw], deadline_s=60)
        await fit_voice(raw, start_sample=0, room_samples=samples_of(5 * FPS), into=voice)
    material.subtitles.write_text(srt(material.cues, language="zh"), encoding="utf-8")
