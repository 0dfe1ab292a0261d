"""What the API documents is what it does: `python -m benchmarks.prove_api [EXAMPLES] [PHASES]`.

Schemathesis, with all its checks and its stateful links, against a real `longvideo api` process over SQLite. EXAMPLES
is the number of generated cases per operation (260: more than 5,000 in all).
"""

import asyncio
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.api import ORIGIN, bench_key, served
from ledger.database.engine import migrate_schema, sqlite_url

_EXAMPLES: Final = 260
_PHASES: Final = "examples,coverage,fuzzing,stateful"
#: A stream that ends with its film, and what depends on a vendor and on a dispatcher.
_LEFT_OUT: Final = "events|voices|readyz"
#: Rules between fields, and which hosts are public, are beyond a schema: such an order is rightly answered 400. A body
#: that is wrong may be too large before it is wrong: 413.
_CONFIG: Final = """
[auth.openapi.HTTPBearer]
bearer = "${LONGVIDEO_KEY}"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "402", "403", "404", "409", "429"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "422", "429"]
"""
#: A key that comes again answers with its film, deleted or not: right, but no resource that was "just created".
_HOOKS: Final = """
import itertools
import schemathesis

_orders = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    if headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = f"{headers['Idempotency-Key'][:200]}{next(_orders)}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of it."""

    cases: int
    fault_codes: int
    server_errors: int
    report: str

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.fault_codes == 0 and self.server_errors == 0


async def prove(folder: Path, *, examples: int, phases: str) -> Proof:
    """Run it in an empty folder."""
    url = sqlite_url(folder / "ledger.db")
    await asyncio.to_thread(migrate_schema, url)
    key = await bench_key(url)
    (folder / "schemathesis.toml").write_text(_CONFIG)
    (folder / "hooks.py").write_text(_HOOKS)
    argv = ["-m", "schemathesis.cli", "run", f"{ORIGIN}/openapi.json"]
    argv += ["--checks", "all", "--max-examples", str(examples), "--phases", phases, "--max-redirects", "0"]
    argv += ["--exclude-path-regex", _LEFT_OUT, "--request-timeout", "30", "--seed", "1", "--no-color"]
    environment = {"LONGVIDEO_KEY": key, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder), "COLUMNS": "120"}
    async with served(url, folder):
        asking = await asyncio.create_subprocess_exec(
            sys.executable,
            *argv,
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asking.communicate()
    report = said.decode(errors="replace")
    cases = re.search(r"(\d+) generated", report)
    return Proof(
        cases=int(cases.group(1)) if cases else 0,
        fault_codes=asking.returncode or 0,
        server_errors=(folder / "api.log").read_text("utf-8").count('"status": 5'),
        report=report,
    )


async def main(examples: int, phases: str) -> int:
    """Print the report where something was found; the last line is the figure."""
    with tempfile.TemporaryDirectory(prefix="longvideo-prove-") as name:
        proof = await prove(Path(name), examples=examples, phases=phases)
    if not proof.holds:
        print(proof.report)
    found = "0 failures" if proof.fault_codes == 0 else "failures, see above"
    print(f"figure: {proof.cases} cases, {found}, {proof.server_errors} answers of 5xx")
    return 0 if proof.holds else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(asyncio.run(main(int(given[0]) if given else _EXAMPLES, given[1] if len(given) > 1 else _PHASES)))
