"""The root of every error of ours."""

from collections.abc import Callable
from typing import ClassVar


class LongVideoError(Exception):
    """The root: anything this project raises on purpose."""

    retryable: ClassVar[bool] = False

    def __str__(self) -> str:
        """Return the class's own first line: no error is without words."""
        return (type(self).__doc__ or type(self).__name__).strip().partition("\n")[0]

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Keyword-only facts survive pickling (Exception's own way rebuilds from positional arguments)."""
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[LongVideoError], facts: dict[str, object]) -> LongVideoError:
    error = kind.__new__(kind)
    error.__dict__.update(facts)
    return error
