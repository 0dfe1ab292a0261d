"""What the API documents is what it does."""

from pathlib import Path

import pytest

from benchmarks.prove_api import prove


@pytest.mark.processes
async def test_two_hundred_generated_requests_find_nothing(tmp_path: Path) -> None:
    """Schemathesis with all checks and stateful links: no answer but those documented, none of 5xx."""
    proof = await prove(tmp_path, examples=12, phases="examples,fuzzing,stateful")
    assert proof.holds, proof.report
    assert proof.cases >= 200, proof.report
