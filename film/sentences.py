"""What a customer reads of an error: what happened and what to do, in this program's own words.

No path, no name of a class, no vendor's or program's sentence: those are the operator's, and stand in the log.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from film import errors as e

#: What a customer reads of an error nobody thought of; the log has the rest.
INTERNAL: Final = "The service itself failed at this film; unused credits went back. Its log tells the operator why."

_LATER: Final = "unused credits went back, retry the film later"
#: The first row whose class fits decides. Errors that are not here say nothing to a customer.
_SENTENCES: Final[Sequence[tuple[type[e.LongVideoError], Callable[[Any], str]]]] = (
    (e.ScriptRefused, str),
    (e.ModerationRejected, str),
    (e.NarrationTooLong, str),
    (e.GlyphMissing, str),
    (e.BroughtUnusable, str),
    (
        e.ScriptInvalid,
        lambda _: "No script fits the film's length: order it again, or with other words.",
    ),
    (
        e.ModerationUnavailable,
        lambda _: f"Nobody could check the film's content just now: {_LATER}.",
    ),
    (
        e.SegmentsNotReady,
        lambda error: f"{_segments(error.missing)} lost its files: retry the film.",
    ),
    (e.ProviderOutOfCredits, lambda error: f"The service can't buy from {error.provider} at present: {_LATER}."),
    (e.ProviderKeyRefused, lambda error: f"The service has no access to {error.provider} at present: {_LATER}."),
    (e.ProviderUnavailable, lambda error: f"{error.provider} could not be reached for too long: {_LATER}."),
    (
        e.ProviderContentRefused,
        lambda error: f"{error.provider} refused it for its content: use other words.",
    ),
    (
        e.ProviderRejected,
        lambda error: f"{error.provider} refused the order: {_LATER}.",
    ),
    (e.ProviderError, lambda error: f"{error.provider} failed to make it: {_LATER}."),
    (
        e.DeliverableRejected,
        lambda error: f"The finished film failed a check ({error.check}): compose it again.",
    ),
    (e.ClipRejected, lambda error: f"A file made for the film is damaged ({error.check}): {_LATER}."),
    (e.CommandFailed, lambda _: "The film could not be put together from its parts: compose it again."),
    (e.CommandTimedOut, lambda _: "Putting the film together took too long: compose it again."),
    (e.DiskFull, lambda _: f"The service has no room for the film just now: {_LATER}."),
    (e.StoreUnavailable, lambda _: f"The film's files can't be read or stored just now: {_LATER}."),
    (e.DeadlineExceeded, lambda error: f"It took longer than the {error.deadline_s:.0f} s it may take: {_LATER}."),
)
#: The names of JSON's values in the words of the library that checks them, and in a customer's.
_OF_JSON: Final = (
    (re.compile(r"valid dictionary( or instance of \w+| or object to extract fields from)?"), "JSON object"),
    (re.compile(r"valid (tuple|list)"), "JSON array"),
    (re.compile(r"an? instance of \w+"), "another value"),
)


def told_customer(error: Exception) -> str:
    """Return what a customer reads of an error that failed their film."""
    return next((said(error) for kind, said in _SENTENCES if isinstance(error, kind)), INTERNAL)


def field_reason(words: str) -> str:
    """Return why a value breaks its rule, from the words of the library that found it, in a customer's terms."""
    for pattern, plain in _OF_JSON:
        words = pattern.sub(plain, words)
    words = words.removeprefix("Value error, ").removeprefix("Input ")
    return words[:1].lower() + words[1:]


def _segments(missing: Sequence[int]) -> str:
    return ", ".join(f"segment {index + 1}" for index in missing).capitalize()
