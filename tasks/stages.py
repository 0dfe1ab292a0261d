"""The seven stages as one value: a proof hands in its own, and the order stays the program's."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from film.storyboard import Storyboard
from ledger.database.records import Anchor, Deliverables
from tasks.anchoring import anchoring
from tasks.audio import Soundtrack, audio
from tasks.composing import Composed, composing
from tasks.delivering import delivering
from tasks.generating import Footage, generating
from tasks.moderation import moderation
from tasks.run.film_run import FilmRun
from tasks.scripting import scripting


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What each status of a film does; each returns what the next ones take."""

    scripting: Callable[[FilmRun], Awaitable[Storyboard]] = scripting
    moderation: Callable[[FilmRun, Storyboard], Awaitable[None]] = moderation
    anchoring: Callable[[FilmRun, Storyboard], Awaitable[Sequence[Anchor]]] = anchoring
    generating: Callable[[FilmRun, Storyboard, Sequence[Anchor]], Awaitable[Footage]] = generating
    audio: Callable[[FilmRun, Footage], Awaitable[Soundtrack]] = audio
    composing: Callable[[FilmRun, Storyboard, Footage, Soundtrack], Awaitable[Composed]] = composing
    delivering: Callable[[FilmRun, Storyboard, Composed], Awaitable[Deliverables]] = delivering


STAGES: Final = Stages()
