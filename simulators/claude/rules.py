"""What `POST /v1/messages` takes: headers, models, parameters, structured outputs; anything else is a 400."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulators.claude.schema import faults_of
from simulators.claude.wire import refusal

#: Names the SDK 2.10 lists.
MODELS: Final = frozenset(
    {
        "claude-fable-5-2", "claude-mythos-5-2", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-fable-5-1",
        "claude-opus-5-5", "claude-mythos-5-1", "claude-sonnet-5", "claude-fable-5", "claude-mythos-5",
        "claude-opus-5", "claude-opus-4-8", "claude-opus-4-7", "claude-mythos-preview", "claude-opus-4-6",
        "claude-sonnet-4-6", "claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-opus-4-5",
        "claude-opus-4-5-20251101", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929",
    }
)  # fmt: skip
OUTPUT_TOKENS_MAX: Final = 128_000
_PARAMETERS: Final = frozenset(
    {
        "max_tokens", "messages", "prefill", "model", "cache_control", "container", "diagnostics", "inference_geo",
        "metadata", "output_config", "service_tier", "speed", "stop_sequences", "system", "thinking", "tool_choice",
        "tools", "stream", "user_profile_id", "workspace_id",
    }
)  # fmt: skip
_REMOVED: Final = ("temperature", "top_p", "top_k")
_EFFORTS: Final = (None, "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """A legal request, read as far as the simulated model needs it. `texts` are the user's turns, oldest first."""

    model: str
    max_tokens: int
    texts: tuple[str, ...]
    system: str
    schema: dict[str, Any] | None


def check_message(body: dict[str, Any], headers: Mapping[str, str]) -> MessageRequest:
    """Return the request a body asks for.

    Raises:
        Refusal: A header or field is missing, unknown, removed or wrong; 404 for an unknown model.
    """
    if "anthropic-version" not in headers:
        raise refusal(400, "invalid_request_error", "anthropic-version: header is required")
    _check_fields(body)
    model, max_tokens = body["model"], body["max_tokens"]
    if model not in MODELS:
        raise refusal(404, "not_found_error", f"model: {model}")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or not 1 <= max_tokens <= OUTPUT_TOKENS_MAX:
        raise _invalid(f"max_tokens: must be an integer of 1 to {OUTPUT_TOKENS_MAX}")
    return MessageRequest(
        model=model,
        max_tokens=max_tokens,
        texts=_user_texts(body["messages"]),
        system=_text_of(body.get("system", ""), "system"),
        schema=_schema_of(body.get("output_config")),
    )


def _invalid(message: str) -> Exception:
    return refusal(400, "invalid_request_error", message)


def _check_fields(body: dict[str, Any]) -> None:
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise _invalid(f"{name}: Field required")
    for name in _REMOVED:
        if name in body:
            raise _invalid(f"{name}: this parameter is no longer supported")
    for name in body:
        if name not in _PARAMETERS:
            raise _invalid(f"{name}: Extra inputs are not permitted")
    if body.get("stream"):
        raise _invalid("stream: the simulated model does not stream")


def _user_texts(messages: Any) -> tuple[str, ...]:
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages: at least one message is required")
    texts = []
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in {"user", "assistant"}:
            raise _invalid(f"messages.{place}.role: must be 'user' or 'assistant'")
        text = _text_of(message.get("content"), f"messages.{place}.content")
        if not text.strip():
            raise _invalid(f"messages.{place}: text content blocks must be non-empty")
        if message["role"] == "user":
            texts.append(text)
    if messages[0]["role"] != "user":
        raise _invalid("messages: first message must use the 'user' role")
    if messages[-1]["role"] != "user":
        raise _invalid("messages: the conversation must end with a user message")
    return tuple(texts)


def _text_of(content: Any, place: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(isinstance(block, dict) and "type" in block for block in content):
        raise _invalid(f"{place}: Input should be a valid string or list of content blocks")
    return "\n".join(str(block.get("text", "")) for block in content if block["type"] == "text")


def _schema_of(config: Any) -> dict[str, Any] | None:
    if config is None:
        return None
    if not isinstance(config, dict) or not set(config) <= {"format", "effort", "task_budget"}:
        raise _invalid("output_config: Extra inputs are not permitted")
    if config.get("effort") not in _EFFORTS:
        raise _invalid("output_config.effort: must be low, medium, high, xhigh or max")
    form = config.get("format")
    if form is None:
        return None
    if not isinstance(form, dict) or form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        raise _invalid("output_config.format: must be {type: json_schema, schema}")
    schema: dict[str, Any] = form["schema"]
    for fault in faults_of(schema):
        raise _invalid(f"output_config.format.schema: {fault}")
    return schema
