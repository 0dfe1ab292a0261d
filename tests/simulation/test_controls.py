"""The proof can fail: seven wrong protocols, each found out by a history that the right one survives."""

import pytest

from tests.simulation.controls import CONTROLS, exposed
from tests.simulation.histories import play

#: The first history in which each mistake costs something; `python -m benchmarks.prove_money` looks for them anew.
_PINNED = {
    "blind retry": 1,
    "W < D + lag": 1,
    "no send deadline": 99,
    "stale list verdict": 1,
    "no epoch check": 4,
    "post before store": 1,
    "void outside the terminal transaction": 2,
}


def test_all_seven_are_tried() -> None:
    """No control without its pinned history."""
    assert set(_PINNED) == set(CONTROLS)
    assert len(CONTROLS) == 7


@pytest.mark.parametrize(("control", "seed"), _PINNED.items(), ids=_PINNED)
def test_a_wrong_protocol_is_found_out(control: str, seed: int) -> None:
    """The control's history breaks the very promise it bends, and holds under the protocol as it is."""
    assert exposed(control, play(seed, CONTROLS[control])), "the proof would not have noticed"
    assert not play(seed).faults
