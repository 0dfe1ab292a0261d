"""The money proof: histories full of crashes, pauses, lost replies and lying lists, judged by the vendors' own records.

`python -m benchmarks.prove_money` plays 10,000 histories on SQLite and 500 on PostgreSQL and lets seven wrong protocols
be found out; it exits 0 when nothing was lost, nothing was paid twice and every film ended. `--seed N` replays one.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.controls import CONTROLS, exposed
from tests.simulation.histories import Verdict, play
from tests.simulation.real_postgres import play_on_postgres

#: Histories a worker plays before it reports.
_CHUNK: Final = 50
#: A broken protocol needs no more witnesses than these.
_SHOWN: Final = 5


@dataclass(kw_only=True)
class Tally:
    """What many histories came to."""

    histories: int = 0
    jobs: int = 0
    steps: int = 0
    troubles: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    faulty: list[Verdict] = field(default_factory=list)

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Count some histories."""
        for verdict in verdicts:
            self.histories += 1
            self.jobs += verdict.jobs
            self.steps += verdict.steps
            self.troubles += len(verdict.happened)
            self.ends.update(status.value for status in verdict.ends)
            if verdict.faults:
                self.faulty.append(verdict)

    def __str__(self) -> str:
        ends = ", ".join(f"{number} {end}" for end, number in sorted(self.ends.items()))
        return (
            f"{self.histories} histories, {self.ends.total()} films ({ends}), {self.jobs} paid jobs, "
            f"{self.troubles} crashes, pauses and cancels, {self.steps} checked steps, {len(self.faulty)} faults"
        )


def _play_some(seeds: Sequence[int]) -> list[Verdict]:
    return [play(seed) for seed in seeds]


def _first_exposed(control: str, seeds: Sequence[int]) -> int | None:
    return next((seed for seed in seeds if exposed(control, play(seed, CONTROLS[control]))), None)


def _chunks(number: int) -> Iterator[range]:
    for first in range(0, number, _CHUNK):
        yield range(first, min(first + _CHUNK, number))


def _show(verdict: Verdict) -> None:
    print(f"seed {verdict.seed}: {', '.join(verdict.faults) or 'nothing wrong'}; {', '.join(verdict.ends)}")
    for happening in verdict.happened:
        print(f"    {happening}")


def prove_sqlite(pool: ProcessPoolExecutor, number: int) -> Tally:
    """Play histories on SQLite, on all workers."""
    tally = Tally()
    for verdicts in pool.map(_play_some, _chunks(number)):
        tally.add(verdicts)
        if tally.histories % 1000 == 0:
            print(f"  SQLite: {tally}", flush=True)
    return tally


def prove_controls(pool: ProcessPoolExecutor, number: int) -> dict[str, int | None]:
    """Return for each wrong protocol the history that exposed it, None if none did."""
    found: dict[str, int | None] = {}
    for control in CONTROLS:
        found[control] = None
        # Chunk by chunk: most are found out at once, and a worker should not play on for nothing.
        for chunk in _chunks(number):
            found[control] = pool.submit(_first_exposed, control, chunk).result()
            if found[control] is not None:
                break
        seed = found[control]
        print(
            f"  control: {control}: " + ("NOT CAUGHT" if seed is None else f"caught by history {seed + 1}"), flush=True
        )
    return found


def prove_postgres(number: int) -> Tally:
    """Play histories on a real PostgreSQL."""
    tally = Tally()
    tally.add(play_on_postgres(range(number)))
    return tally


def replay(seed: int, control: str | None) -> int:
    """Play one history and tell all of it; return the exit code."""
    started = time.perf_counter()
    verdict = play(seed, CONTROLS[control]) if control else play(seed)
    _show(verdict)
    print(f"{'broken' if verdict.faults else 'holds'}, replayed in {time.perf_counter() - started:.1f} s")
    return int(bool(verdict.faults))


def main() -> int:
    """Prove it, or replay one history; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, help="replay this one history on SQLite")
    parser.add_argument("--control", choices=sorted(CONTROLS), help="with --seed: under this wrong protocol")
    parser.add_argument("--sqlite", type=int, default=10_000, help="histories on SQLite")
    parser.add_argument("--postgres", type=int, default=500, help="histories on PostgreSQL")
    parser.add_argument("--controls", type=int, default=2_000, help="histories in which each control must be caught")
    parser.add_argument("--workers", type=int, default=2)
    wishes = parser.parse_args()
    if wishes.seed is not None:
        return replay(wishes.seed, wishes.control)
    started = time.perf_counter()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wishes.workers, mp_context=spawn) as pool:
        controls = prove_controls(pool, wishes.controls)
        sqlite = prove_sqlite(pool, wishes.sqlite)
    postgres = prove_postgres(wishes.postgres)
    for verdict in (*sqlite.faulty, *postgres.faulty)[:_SHOWN]:
        _show(verdict)
    caught = [seed for seed in controls.values() if seed is not None]
    minutes = (time.perf_counter() - started) / 60
    print(
        f"SQLite: {sqlite}; PostgreSQL: {postgres}; {len(caught)} of {len(controls)} controls caught, "
        f"the last by history {max(caught, default=-1) + 1}; {minutes:.1f} min"
    )
    return int(bool(sqlite.faulty or postgres.faulty or len(caught) < len(controls)))


if __name__ == "__main__":
    sys.exit(main())
