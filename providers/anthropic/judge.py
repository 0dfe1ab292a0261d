"""Claude as the film's judge. It fails closed: only a clear, consistent "allow" lets a film pass."""

from enum import StrEnum
from typing import Any, Final

from pydantic import ConfigDict

from film.errors import ModerationRejected, ModerationUnavailable, ProviderError
from film.storyboard import Storyboard
from film.text import one_line
from providers.anthropic.client import AnswerRefused, AnswerShape, Claude, InvalidAnswer, ModelRequest
from providers.anthropic.prompts import JUDGE

MODEL: Final = "claude-haiku-5-5"
_TOKENS_MAX: Final = 4_000


class Decision(StrEnum):
    """The verdict's two words."""

    ALLOW = "allow"
    BLOCK = "block"


class Category(StrEnum):
    """What a film may be blocked for; the rubric explains each."""

    MINORS = "minors"
    SEXUAL = "sexual"
    VIOLENCE = "violence"
    EXTREMISM = "extremism"
    HATE = "hate"
    HARASSMENT = "harassment"
    SELF_HARM = "self_harm"
    ILLEGAL_ACTS = "illegal_acts"
    WEAPONS = "weapons"
    CYBER = "cyber"
    REAL_PERSONS = "real_persons"
    DECEPTION = "deception"
    PRIVACY = "privacy"
    COPYRIGHT = "copyright"
    DANGEROUS_ADVICE = "dangerous_advice"


class VerdictShape(AnswerShape):
    """The verdict as asked for."""

    decision: Decision
    categories: list[Category]
    reason: str
    shot_indexes: list[int]


class Verdict(AnswerShape):
    """The verdict as read: a block counts even if it names its reasons badly."""

    model_config = ConfigDict(extra="ignore")
    decision: Decision
    categories: list[str]
    reason: str
    shot_indexes: list[int]


class ClaudeJudge:
    """Judges prompts and storyboards; a `Judge`."""

    def __init__(self, claude: Claude) -> None:
        self._claude = claude

    async def judge(self, prompt: str, storyboard: Storyboard) -> None:
        """Return if the film may be made; see `providers.ports` for what it raises."""
        data: dict[str, Any] = {"prompt": prompt, "storyboard": storyboard.model_dump(mode="json")}
        request = ModelRequest(
            system=JUDGE, data=data, shape=VerdictShape, read=_verdict, tokens_max=_TOKENS_MAX, effort="low"
        )
        try:
            verdict = await self._claude.ask(request)
        except AnswerRefused as error:
            raise ModerationRejected(reason=f"the model declined to judge it: {error.explanation}") from error
        except (InvalidAnswer, ProviderError) as error:
            raise ModerationUnavailable(detail=str(error)) from error
        if verdict.decision is not Decision.ALLOW:
            raise ModerationRejected(
                reason=one_line(verdict.reason).strip() or "no reason was given",
                categories=tuple(one_line(category) for category in verdict.categories),
            )


def _verdict(text: str) -> Verdict:
    verdict = Verdict.model_validate_json(text)
    if verdict.decision is Decision.ALLOW and (verdict.categories or verdict.shot_indexes):
        raise InvalidAnswer(
            problems=["decision is allow, yet categories or shots are named: either block or name none"]
        )
    return verdict
