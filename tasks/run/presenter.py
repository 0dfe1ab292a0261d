"""How a run is shown to people, as a port: a film is made the same way whether anybody shows it or not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from ledger.leases import Lease

T = TypeVar("T")


class Presenter(Protocol):
    """Shows one run of one film. Whatever it meets, the film goes on."""

    def showing(self, lease: Lease, *, since_ms: int) -> AbstractAsyncContextManager[None]:
        """Show the film for the length of the block, and how it ended.

        Args:
            lease: The run's.
            since_ms: Statuses entered earlier were shown by an earlier run.
        """
        ...

    def notify(self) -> None:
        """Note that the film's rows have changed."""
        ...

    async def set_thumbnail(self, index: int, picture: Path) -> None:
        """Show a segment's picture from now on."""
        ...

    async def run_task(self, name: str, run_name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Await `work()` once, shown as a task `name` whose run is called `run_name`.

        Returns:
            What `work` returned.

        Raises:
            Exception: What `work` raised.
        """
        ...

    def approval_prompt(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Ask a person whether the film may be made, for as long as the block waits for the rows' answer."""
        ...

    async def cancel_requested(self) -> bool:
        """Whether somebody has asked, where the run is shown, that it be cancelled."""
        ...


class NoPresenter:
    """Shows nothing: the film's rows are enough."""

    @asynccontextmanager
    async def showing(self, lease: Lease, *, since_ms: int) -> AsyncIterator[None]:
        """Show nothing."""
        del lease, since_ms
        yield

    def notify(self) -> None:
        """Nobody is shown anything."""

    async def set_thumbnail(self, index: int, picture: Path) -> None:
        """Nobody is shown a picture."""

    async def run_task(self, name: str, run_name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Await `work()`."""
        del name, run_name
        return await work()

    @asynccontextmanager
    async def approval_prompt(self, lease: Lease) -> AsyncIterator[None]:
        """Ask nobody: the command and the API ask by the rows."""
        del lease
        yield

    async def cancel_requested(self) -> bool:
        """Nobody could have asked."""
        return False
