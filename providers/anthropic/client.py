"""Claude through the `anthropic` SDK: one question, one checked answer, at most two repair turns.

`messages.parse` would validate before anyone can read why the model stopped, so answers are created raw and judged in
order: declined, cut off, too long for the model, and only then read. Retries live in the SDK alone.

The SDK is half of what a command would import. It is imported when a connection is opened, which few commands do.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from film.errors import (
    LongVideoError,
    ProviderError,
    ProviderKeyRefused,
    ProviderOutOfCredits,
    ProviderRejected,
    ProviderUnavailable,
)
from film.text import clean_text, one_line
from providers.http.clients import Connection, Timeouts, anthropic_http_client

if TYPE_CHECKING:
    import anthropic
    from anthropic.types import Message, MessageParam

VENDOR: Final = "anthropic"
REPAIRS_MAX: Final = 2
#: A long script takes minutes; the SDK's own limit for answers that aren't streamed is the same.
READ_S: Final = 600.0
#: HTTP status -> class, after the SDK's retries (408, 409, 429 and 5xx are what it retries).
STATUSES: Final[dict[int, type[ProviderError]]] = {
    400: ProviderRejected,
    401: ProviderKeyRefused,
    402: ProviderOutOfCredits,
    403: ProviderKeyRefused,
    404: ProviderRejected,
    408: ProviderUnavailable,
    409: ProviderUnavailable,
    413: ProviderRejected,
    422: ProviderRejected,
    429: ProviderUnavailable,
    529: ProviderUnavailable,
}

Effort = Literal["low", "medium", "high", "xhigh", "max"]
AnswerT = TypeVar("AnswerT")


class AnswerShape(BaseModel):
    """A shape the model is told to answer in: plain types only, because a client schema carries no limits."""

    model_config = ConfigDict(extra="forbid")


@dataclass(kw_only=True, eq=False)
class AnswerRefused(LongVideoError):
    """The model declined to answer; never leaves this room."""

    explanation: str

    def __str__(self) -> str:
        return f"the model declined: {self.explanation}"


@dataclass(kw_only=True, eq=False)
class InvalidAnswer(LongVideoError):
    """An answer that breaks its rules, by the sentences the model can act on; never leaves this room."""

    problems: Sequence[str]

    def __str__(self) -> str:
        return f"the answer doesn't fit: {'; '.join(self.problems)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest(Generic[AnswerT]):
    """What is asked: the fixed words, the customer's data, the shape, and how an answer is read.

    `read` returns the checked answer or raises `InvalidAnswer` or pydantic's ValidationError.
    """

    system: str
    data: dict[str, Any]
    shape: type[AnswerShape]
    read: Callable[[str], AnswerT]
    tokens_max: int
    effort: Effort


class Claude:
    """A connection to the Messages API with one model. Close it, or use it as an async context manager."""

    def __init__(
        self, connection: Connection, *, model: str, retries_max: int = 2, timeouts: Timeouts | None = None
    ) -> None:
        import anthropic  # noqa: PLC0415 - see the top

        self._model = model
        self._key = connection.key
        self._client = anthropic.AsyncAnthropic(
            api_key=connection.key,
            base_url=connection.base_url,
            max_retries=retries_max,
            timeout=READ_S,
            http_client=anthropic_http_client(timeouts=timeouts or Timeouts(), read_s=READ_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def credits_available(self) -> None:
        """List the models, which is free: a way to try the key; see `providers.ports.Account` for what it raises."""
        import anthropic  # noqa: PLC0415 - see the top

        try:
            await self._client.models.list(limit=1)
        except anthropic.AnthropicError as error:
            raise self._failure(error) from None

    async def ask(self, request: ModelRequest[AnswerT]) -> AnswerT:
        """Return the checked answer.

        Raises:
            Declined: The model declined.
            Unfit: The answer broke its rules after the repair turns, or was cut off twice.
            ProviderError: It could not be asked; ProviderUnavailable after the SDK's retries.
        """
        messages: list[MessageParam] = [{"role": "user", "content": as_data("order", request.data)}]
        tokens_max, problems = request.tokens_max, ["nothing was answered"]
        for _ in range(1 + REPAIRS_MAX):
            message = await self._create(request, messages, tokens_max)
            if message.stop_reason == "max_tokens" and tokens_max == request.tokens_max:
                tokens_max = 2 * request.tokens_max
                message = await self._create(request, messages, tokens_max)
            text = _answer_text(message)
            try:
                return request.read(text)
            except ValidationError as error:
                problems = _sentences(error)
            except InvalidAnswer as error:
                problems = list(error.problems)
            if text.strip():
                messages.append({"role": "assistant", "content": text})
            messages.append({"role": "user", "content": as_data("problems", {"problems": problems})})
        raise InvalidAnswer(problems=problems)

    async def _create(
        self, request: ModelRequest[AnswerT], messages: Sequence["MessageParam"], tokens_max: int
    ) -> "Message":
        import anthropic  # noqa: PLC0415 - see the top
        from anthropic.types import Message  # noqa: PLC0415 - see the top

        try:
            message = await self._client.messages.create(
                model=self._model,
                max_tokens=tokens_max,
                system=request.system,
                messages=messages,
                output_config={
                    "format": {"type": "json_schema", "schema": anthropic.transform_schema(request.shape)},
                    "effort": request.effort,
                },
            )
        except anthropic.AnthropicError as error:
            # Without its cause, whose text is the answer's body as it came: it may quote our key.
            raise self._failure(error) from None
        except json.JSONDecodeError as error:
            raise ProviderUnavailable(provider=VENDOR, detail="the answer is no JSON") from error
        # The SDK builds its types without checking them: an HTML page arrives here as a string.
        if not isinstance(message, Message) or not isinstance(getattr(message, "content", None), list):
            raise ProviderUnavailable(provider=VENDOR, detail="the answer is no message")
        return message

    def _failure(self, error: "anthropic.AnthropicError") -> ProviderError:
        import anthropic  # noqa: PLC0415 - see the top

        if not isinstance(error, anthropic.APIStatusError):
            return ProviderUnavailable(provider=VENDOR, detail=f"no answer: {type(error).__name__}")
        unlisted = ProviderUnavailable if error.status_code >= 500 else ProviderRejected
        return STATUSES.get(error.status_code, unlisted)(
            provider=VENDOR,
            detail=self._said(error.api_message or "refused"),
            http_status=error.status_code,
            wire_code=self._said(error.type or ""),
        )

    def _said(self, text: str) -> str:
        """Return the vendor's words fit for an error: without our key should they quote it, and shortened."""
        return one_line(text.replace(self._key, "***") if self._key else text)[:300]


def as_data(tag: str, value: dict[str, Any]) -> str:
    """Return `value` as one JSON object between tags that no text inside it can close."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<{tag}>\n{text}\n</{tag}>"


def _answer_text(message: "Message") -> str:
    """Return the answer's text; thinking may stand before it.

    Raises:
        Declined: It declined.
        Unfit: The answer is not whole.
    """
    if message.stop_reason == "refusal":
        details = message.stop_details
        explanation = (details and (details.explanation or details.category)) or "no reason was given"
        raise AnswerRefused(explanation=one_line(explanation))
    if message.stop_reason == "max_tokens":
        raise InvalidAnswer(problems=["the answer was cut off, and again with twice the room"])
    if message.stop_reason == "model_context_window_exceeded":
        raise InvalidAnswer(problems=["the answer outgrew what the model can hold"])
    return clean_text("".join(block.text for block in message.content if block.type == "text"))


def _sentences(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in error.errors()[:20]]
