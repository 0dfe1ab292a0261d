"""A vendor's documented rules as a table: each row is a numbered rule, what it asks, and how to see it is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from film.errors import ProviderRejected

RequestT = TypeVar("RequestT")


@dataclass(frozen=True, slots=True)
class Rule(Generic[RequestT]):
    """One rule: its id (also the error's `wire_code`), what it asks for, and whether a request keeps it."""

    id: str
    asks: str
    kept: Callable[[RequestT], bool]


def require(rules: Sequence[Rule[RequestT]], request: RequestT, *, vendor: str) -> None:
    """Let a request pass that keeps every rule, before any byte of it is sent.

    Raises:
        ProviderRejected: It breaks one; `wire_code` names the first.
    """
    for rule in rules:
        if not rule.kept(request):
            raise ProviderRejected(provider=vendor, detail=f"not sent: {rule.asks}", wire_code=rule.id)
