"""A line that doesn't fit its shot: said in fewer words at most twice, then into the silence after it; never cut."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

from app.context import AppContext
from film.canvas import SAMPLE_RATE
from film.errors import ScriptInvalid
from film.plan import shot_starts
from film.status import ErrorCode, Status
from film.storyboard import Shot, Storyboard
from ledger.database.records import Film
from providers.ports import Brief
from tests.flows.conftest import Vendors, made, ordered

#: The film's shots keep 5 and 4 s. Said in about 10 s, 7 s and 2 s.
LONG = (
    "The old lighthouse keeper climbs the stairs once more, counting every single step as he did for forty years, "
    "while the storm comes in."
)
LESS = "The old lighthouse keeper climbs the stairs once more, counting every single step while the storm comes in."
SHORT = "The keeper climbs the stairs."


@dataclass
class Writer:
    """A writer with a fixed storyboard who shortens lines as it was told to; a `Writer`."""

    lines: Sequence[str]
    shorter: list[str]
    asked: list[int] = field(default_factory=list)

    async def write(self, brief: Brief) -> Storyboard:
        """Return two shots with the lines that were given."""
        shots = tuple(
            Shot(index=slot.index, prompt="waves", narration=line)
            for slot, line in zip(brief.plan, self.lines, strict=True)
        )
        return Storyboard(title="Storm", style="film", music="piano", shots=shots)

    async def shorten(self, text: str, *, characters_max: int, language: str) -> str:
        """Return the next shorter line, however long it is; refuse when there is none left."""
        assert language == "en"
        assert characters_max < len(text)
        self.asked.append(characters_max)
        if not self.shorter:
            raise ScriptInvalid(problems=["it can't be shortened"])
        return self.shorter.pop(0)


async def told(ctx: AppContext, writer: Writer) -> Film:
    """Make a film of two shots with this writer."""
    ctx.writer = writer
    return await made(ctx, await ordered(ctx, narration=True))


@pytest.mark.parametrize(
    ("lines", "shorter", "rewrites", "said"),
    [
        # fits as it is
        ((SHORT, SHORT), [], 0, SHORT),
        # once too long
        ((LONG, SHORT), [SHORT], 1, SHORT),
        # twice too long
        ((LONG, SHORT), [LESS, SHORT], 2, SHORT),
    ],
)
async def test_a_line_is_said_in_fewer_words_until_it_fits(
    ctx: AppContext, vendors: Vendors, lines: Sequence[str], shorter: list[str], rewrites: int, said: str
) -> None:
    """Each rewriting is one question and one purchase, and stays inside its shot."""
    before = len(vendors.jobs("listenhub-voice"))
    writer = Writer(lines, shorter)
    film = await told(ctx, writer)
    assert film.status is Status.COMPLETED, film.error
    assert len(writer.asked) == rewrites
    assert len(vendors.jobs("listenhub-voice")) - before == 2 + rewrites
    assert film.storyboard is not None
    assert (film.storyboard.shots[0].narration, film.storyboard.shots[0].take) == (said, rewrites)
    assert film.cues is not None
    assert film.cues[0].text == said
    assert film.cues[0].end_sample <= shot_starts(film.plan)[1]


async def test_a_line_that_stays_too_long_runs_into_the_silence_after_it(ctx: AppContext) -> None:
    """The third version is kept whole; nobody speaks in the next shot."""
    writer = Writer((LONG, ""), [LESS, LESS])
    film = await told(ctx, writer)
    assert film.status is Status.COMPLETED, film.error
    assert len(writer.asked) == 2
    assert film.cues is not None
    (cue,) = film.cues
    assert cue.text == LESS
    assert shot_starts(film.plan)[1] < cue.end_sample <= 9 * SAMPLE_RATE


@pytest.mark.parametrize(
    ("lines", "shorter", "segment", "asked"),
    [
        # somebody speaks in the next shot
        ((LONG, SHORT), [LESS, LESS], 0, 2),
        # there is no next shot
        ((SHORT, LONG), [LESS, LESS], 1, 2),
        # too long even for both shots
        ((LONG * 3, ""), [LONG * 3, LONG * 2], 0, 2),
        # the writer can't shorten it
        ((LONG, SHORT), [], 0, 1),
    ],
)
async def test_a_line_that_fits_nowhere_fails_the_film(
    ctx: AppContext, lines: Sequence[str], shorter: list[str], segment: int, asked: int
) -> None:
    writer = Writer(lines, shorter)
    film = await told(ctx, writer)
    assert film.error is not None
    assert (film.error.code, film.error.stage) == (ErrorCode.NARRATION_FAILED, Status.AUDIO)
    assert film.error.segment == segment
    assert len(writer.asked) == asked


async def test_a_line_without_a_word_is_silence(ctx: AppContext, vendors: Vendors) -> None:
    """Nothing is bought or captioned for it, and the line before it may run into its shot."""
    before = len(vendors.jobs("listenhub-voice"))
    film = await told(ctx, Writer(("(softly) The keeper **climbs** the stairs.", "♪ ……"), []))
    assert film.status is Status.COMPLETED, film.error
    assert len(vendors.jobs("listenhub-voice")) - before == 1
    assert film.cues is not None
    assert [cue.text for cue in film.cues] == ["The keeper climbs the stairs."]


async def test_a_burned_caption_stands_as_long_as_its_line_is_spoken(ctx: AppContext) -> None:
    """The line runs over the cut: the next segment, which has no line, shows its caption until it ends."""
    ctx.writer = Writer((LONG, ""), [LESS, LESS])
    film = await made(ctx, await ordered(ctx, narration=True, subtitles="burned"))
    assert film.status is Status.COMPLETED, film.error
    assert film.cues is not None
    assert film.result is not None
    cut, end = shot_starts(film.plan)[1] // 2000, film.cues[0].end_sample // 2000
    assert cut + 12 < end < 9 * 24 - 6
    path = ctx.objects.local_path(film.result.film)
    assert path is not None
    lit = white_below(path)
    assert min(lit[cut + 2 : end - 2]) > 3 * max(lit[end + 2 :]) + 100


def white_below(film: Path) -> list[int]:
    """How many white pixels each frame has where captions stand."""
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return [int((picture[picture.shape[0] * 3 // 4 :] > 225).sum()) for picture in pictures]
