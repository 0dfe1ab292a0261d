"""The price before spending: shown, and agreed to by a person or by `--yes`."""

import signal
import sys
from collections.abc import Collection

from rich.console import Console
from rich.prompt import Confirm

from app.context import AppContext
from film.errors import SpendNotConfirmed
from film.request import FilmRequest
from service.cli.vendor_cost import estimate_vendor_cost
from service.shown import say_on


async def agree_to_cost(
    ctx: AppContext, request: FilmRequest, console: Console, *, yes: bool, segments: Collection[int] | None = None
) -> None:
    """Show what the vendors will charge for all segments or some, and return if a person, or `--yes`, lets it be spent.

    Raises:
        SpendNotConfirmed: Nobody did.
    """
    for estimate in await estimate_vendor_cost(ctx, request, segments=segments):
        say_on(console, f"LIVE: this film costs {estimate.line()}", style="bold")
    if yes:
        return
    if not (console.is_terminal and sys.stdin.isatty()):
        raise SpendNotConfirmed(remedy="add --yes to spend it from a script")
    if not _yes(console):
        raise SpendNotConfirmed(remedy="run the command again when you want the film")


def _yes(console: Console) -> bool:
    """Ask a person; Ctrl-C and Ctrl-D mean no. The loop stands still meanwhile: nothing runs that needs it."""
    # asyncio's own handler cancels the task, which somebody who waits for a line of input doesn't feel.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return Confirm.ask("Spend it?", console=console, default=False)
    except (KeyboardInterrupt, EOFError):
        console.print()
        return False
    finally:
        signal.signal(signal.SIGINT, usual)
