"""The script, and whether the film may be made."""

from collections.abc import Sequence
from dataclasses import dataclass

from film.errors.root import LongVideoError


class ScriptError(LongVideoError):
    """The script could not be had."""


@dataclass(kw_only=True, eq=False)
class ScriptRefused(ScriptError):
    """The writer declined the prompt."""

    explanation: str

    def __str__(self) -> str:
        return f"The writer declined this prompt: {self.explanation}"


@dataclass(kw_only=True, eq=False)
class ScriptInvalid(ScriptError):
    """The writer's answer still broke the plan after its repair turns."""

    problems: Sequence[str]

    def __str__(self) -> str:
        return f"The script doesn't fit the plan after its repairs: {'; '.join(self.problems)}"


class ModerationError(LongVideoError):
    """The film may not be made."""


@dataclass(kw_only=True, eq=False)
class ModerationRejected(ModerationError):
    """Prompt or storyboard breaks the content rules."""

    reason: str
    categories: Sequence[str] = ()

    def __str__(self) -> str:
        named = f" ({', '.join(self.categories)})" if self.categories else ""
        return f"Moderation rejected the film{named}: {self.reason}"


@dataclass(kw_only=True, eq=False)
class ModerationUnavailable(ModerationError):
    """Nobody could judge the film, so it isn't made (fail closed)."""

    detail: str

    def __str__(self) -> str:
        return f"Moderation could not be reached, so the film was stopped: {self.detail}"
