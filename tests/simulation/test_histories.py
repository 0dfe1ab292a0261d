"""1,000 histories of crashes, pauses, lost replies and lying lists: nothing lost, nothing paid twice, nothing stuck."""

import pytest

from tests.simulation.histories import play

#: Histories of one test; several tests share them out between processes.
_CHUNK = 50


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 1000, _CHUNK))
def test_every_history_ends_with_its_books_balanced(first: int) -> None:
    """Whatever befalls them, films end, balances hold after every step and each paid job is in somebody's records.

    A seed that fails here replays alone: `python -m benchmarks.prove_money --seed N`.
    """
    verdicts = [play(seed) for seed in range(first, first + _CHUNK)]
    assert {verdict.seed: verdict.faults for verdict in verdicts if verdict.faults} == {}
    assert all(status.terminal for verdict in verdicts for status in verdict.ends)
    assert sum(verdict.jobs for verdict in verdicts) > _CHUNK, "histories in which nothing is bought prove nothing"


@pytest.mark.parametrize("seed", range(20))
def test_a_history_repeats(seed: int) -> None:
    """The same seed is the same history, trouble for trouble: that is what makes a failing one worth having."""
    assert play(seed) == play(seed)
