"""What a film costs in work, counted: budgets that hold on any machine, however busy it is."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from app.context import AppContext
from ledger.purchases import attempts
from ledger.purchases.attempt import AttemptState
from tests.flows.conftest import made, ordered

#: Rows that are written because something was bought, made or paid; leases and looks go by time instead.
_BOUGHT = re.compile(r"((?:INSERT INTO|UPDATE) (?:attempt|transfer|entry|segment|balance))\b")


@dataclass(kw_only=True)
class Work:
    """What was done: arguments of each ffmpeg run, writes by table."""

    ffmpeg: list[list[str]] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)

    @property
    def encodes(self) -> int:
        """Runs that encode a picture: each costs a hundred of those that copy."""
        return sum("libx264" in arguments for arguments in self.ffmpeg)


_counting: list[Work] = []


def _process_started(name: str, details: tuple[Any, ...]) -> None:
    if name == "subprocess.Popen" and _counting and "ffmpeg" in str(details[0]):
        _counting[0].ffmpeg.append([str(word) for word in details[1]])


sys.addaudithook(_process_started)  # for good: Python knows no way to take one back


@contextmanager
def counted() -> Iterator[Work]:
    """Count this process's work for the length of the block."""
    work = Work()

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if written := _BOUGHT.match(statement):
            work.writes[written[1]] += 1

    event.listen(Engine, "before_cursor_execute", executed)
    _counting.append(work)
    try:
        yield work
    finally:
        _counting.remove(work)
        event.remove(Engine, "before_cursor_execute", executed)


async def work_of(ctx: AppContext, **fields: Any) -> Work:
    """Make a film and return what that took; ordering it is counted too.

    A try that a busy machine was late for is given back, or refused, and made again: that is taken off.
    """
    with counted() as work:
        film = await made(ctx, await ordered(ctx, **fields))
    tries = await attempts.list_attempts(ctx.database, film.id)
    vain = sum(row.state in {AttemptState.UNSENT, AttemptState.REJECTED} for row in tries)
    work.writes.subtract({"INSERT INTO attempt": vain, "UPDATE attempt": vain, "UPDATE segment": 2 * vain})
    return work


async def test_each_segment_costs_the_same_work(ctx: AppContext) -> None:
    """Two and four segments: each picture is encoded once, nothing else of ffmpeg's or the ledger's work grows."""
    await work_of(ctx, duration=4)  # the account's own rows are written with its first film
    two, four = [await work_of(ctx, duration=duration) for duration in (9, 30)]
    assert (two.encodes, four.encodes) == (2, 4)
    assert len(four.ffmpeg) - len(two.ffmpeg) == 2, "what is done once a film is done once"
    more = {what: (four.writes[what] - two.writes[what]) / 2 for what in four.writes}
    assert more == {
        "INSERT INTO attempt": 1,  # the intent
        "UPDATE attempt": 2,  # its job, its end
        "UPDATE segment": 3,  # generating, ready, its cover
        "INSERT INTO transfer": 1,  # the post
        "INSERT INTO entry": 1,  # both sides at once
        "UPDATE balance": 1,  # likewise
        "INSERT INTO segment": 0,  # all in one statement
    }
