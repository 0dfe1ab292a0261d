"""A file could not be made or may not be used."""

from dataclasses import dataclass

from film.errors.root import LongVideoError


class MediaError(LongVideoError):
    """A file could not be made or may not be used."""


@dataclass(kw_only=True, eq=False)
class ClipRejected(MediaError):
    """A vendor's file failed validation: the check, what it expected and what it found."""

    check: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"The clip fails {self.check}: expected {self.expected}, found {self.found}"


@dataclass(kw_only=True, eq=False)
class BroughtUnusable(MediaError):
    """A file that the customer brings can't be had, or isn't what it should be; `field` names it in the order."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"Your file ({self.field}) can't be used: {self.reason}"


class DeliverableRejected(ClipRejected):
    """The finished film failed its verification."""

    def __str__(self) -> str:
        return f"The film fails {self.check}: expected {self.expected}, found {self.found}"


@dataclass(kw_only=True, eq=False)
class NarrationTooLong(MediaError):
    """A voice doesn't fit its room even at the fastest tempo; `factor` is the tempo it would need."""

    factor: float
    limit: float
    length_s: float
    room_s: float

    def __str__(self) -> str:
        return (
            f"The narration lasts {self.length_s:.2f} s and has {self.room_s:.2f} s: "
            f"it would have to be {self.factor:.2f} times as fast, {self.limit} is the limit"
        )


@dataclass(kw_only=True, eq=False)
class CommandFailed(MediaError):
    """An ffmpeg run ended with an error."""

    command: str
    code: int
    stderr_tail: str

    def __str__(self) -> str:
        return f"ffmpeg ended with code {self.code}: {self.stderr_tail.strip()[-400:]}"


@dataclass(kw_only=True, eq=False)
class CommandTimedOut(MediaError):
    """An ffmpeg run was still going at its deadline and was killed."""

    command: str
    deadline_s: float

    def __str__(self) -> str:
        return f"ffmpeg was stopped after {self.deadline_s:g} s"


@dataclass(kw_only=True, eq=False)
class GlyphMissing(MediaError):
    """The font can't draw a text that should be burned in or put on a card."""

    characters: str

    def __str__(self) -> str:
        return f"The font has no glyph for {self.characters!r}; use other words there, or soft subtitles"


@dataclass(kw_only=True, eq=False)
class DiskFull(MediaError):
    """There isn't room for the film; checked before anything is spent."""

    path: str
    needed_bytes: int
    free_bytes: int

    def __str__(self) -> str:
        free, needed = self.free_bytes / 2**20, self.needed_bytes / 2**20
        return (
            f"{self.path} has {free:.0f} MiB free and the film needs {needed:.0f}: "
            "make room, or set LONGVIDEO_HOME to another disk"
        )
