"""`longvideo audit` beyond the rows: stored files and the vendors' own records, against simulators with a ledger."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.context import AppContext, open_context
from app.ledger import open_ledger
from app.settings import Mode, Settings
from film.ids import FilmId
from film.job_specs import Purpose, SoundSpec
from film.request import parse_request
from ledger.films.orders import open_film
from ledger.leases import take_lease
from ledger.purchases import attempts
from ledger.purchases.attempt import Attempt
from ledger.purchases.attempts import Purchase
from purchasing.buy import buy
from purchasing.context import PurchaseSpec
from service.audit.report import AuditReport, run_audit
from service.cli.main import app
from tasks.films.ordering import local_payer

#: They buy from the simulators' own process.
pytestmark = pytest.mark.processes
MUSIC = SoundSpec(text="Soft piano.", duration_hint_s=5)
TIME_SCALE = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A home whose one film has bought one piece of music."""

    settings: Settings
    attempt: Attempt
    file: Path

    async def harm(self, *statements: str) -> None:
        """Change rows, as nothing of ours would."""
        names = {"attempt": self.attempt.id, "job": self.attempt.provider_job_id}
        async with open_ledger(self.settings) as database, database.transaction() as conn:
            for statement in statements:
                assert (await conn.execute(text(statement), names)).rowcount > 0, "it harms no row"

    async def audit(self, *, deep: bool = False, providers: bool = False) -> AuditReport:
        """Audit the home."""
        return await run_audit(self.settings, deep=deep, providers=providers)


@pytest.fixture(scope="module")
async def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Attempt]:
    """Return a home that has bought something, its simulators' records included, to be copied; and what it bought."""
    home = tmp_path_factory.mktemp("origin")
    async with open_context(_settings(home)) as ctx:
        return home, await _buy(ctx)


@pytest.fixture
def bought(origin: tuple[Path, Attempt], tmp_path: Path) -> Bought:
    """Return a copy of the home to harm."""
    home, attempt = origin
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    return Bought(settings=_settings(tmp_path), attempt=attempt, file=tmp_path / "store" / str(attempt.object_key))


def _settings(home: Path) -> Settings:
    return Settings(mode=Mode.SIMULATED, home=home, time_scale=TIME_SCALE, _env_file=None)


async def _buy(ctx: AppContext) -> Attempt:
    request = parse_request({"prompt": "A calm morning", "duration": 9, "language": "en"})
    opened = await open_film(ctx.database, request, local_payer(ctx.settings), idem_key=None, simulated=True)
    lease = await take_lease(ctx.database, opened.film_id, owner="test", lease_s=60)
    purchase = Purchase(purpose=Purpose.MUSIC, slot=0, job_spec=MUSIC, fingerprint="f")
    await buy(
        ctx.purchasing,
        lease,
        PurchaseSpec(purchase=purchase, key_prefix="music", suffix=".mp3", validate=Path.stat),
        ctx.voice_vendor,
    )
    return (await attempts.list_attempts(ctx.database, FilmId(opened.film_id)))[0]


def _found(report: AuditReport) -> list[tuple[str, str]]:
    return [(finding.invariant, finding.where) for finding in report.findings]


async def test_a_home_in_order_has_no_fault(bought: Bought) -> None:
    """Rows, file by size and hash, the vendor's charge and its list all agree, and nothing was left out."""
    report = await bought.audit(deep=True, providers=True)
    assert ([finding.line() for finding in report.findings], report.notes, report.films) == ([], [], 1)


async def test_a_file_gone_is_named(bought: Bought) -> None:
    """I16: what is ready lies in the store."""
    bought.file.unlink()
    report = await bought.audit()
    assert _found(report) == [("I16", f"attempt {bought.attempt.id}")]
    assert report.summary() == f"films 1, transfers {report.transfers}: 1 faults"


async def test_a_file_cut_short_is_named(bought: Bought) -> None:
    """I16: with the recorded size."""
    bought.file.write_bytes(bought.file.read_bytes()[:-1])
    assert _found(await bought.audit()) == [("I16", f"attempt {bought.attempt.id}")]


async def test_another_content_is_only_found_by_its_hash(bought: Bought) -> None:
    """I16, `--deep`: the size alone can't tell."""
    content = bought.file.read_bytes()
    bought.file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert _found(await bought.audit()) == []
    assert _found(await bought.audit(deep=True)) == [("I16", f"attempt {bought.attempt.id}")]


async def test_a_charge_the_vendor_denies_is_named(bought: Bought) -> None:
    """I17: a ledger that agrees with itself may still not be the vendor's."""
    await bought.harm(
        "UPDATE attempt SET charged_micro = charged_micro + 1000000 WHERE id = :attempt",
        "UPDATE provider_entry SET amount_micro = amount_micro + 1000000 WHERE kind = 'posted' AND attempt = :attempt",
    )
    assert _found(await bought.audit()) == []
    assert _found(await bought.audit(providers=True)) == [("I17", f"attempt {bought.attempt.id}")]


async def test_a_job_the_vendor_does_not_know_is_named(bought: Bought) -> None:
    """I17: the row's job isn't the vendor's, and the vendor's is nobody's."""
    await bought.harm(
        "UPDATE attempt SET provider_job_id = 'other'", "UPDATE provider_entry SET provider_job_id = 'other'"
    )
    expected = [("I17", f"attempt {bought.attempt.id}"), ("I17", f"job {bought.attempt.provider_job_id} of listenhub")]
    assert _found(await bought.audit(providers=True)) == expected


async def test_a_job_nobody_ordered_is_a_stray(bought: Bought) -> None:
    """I17: what the vendor lists and no row accounts for was paid behind the ledger's back."""
    async with open_context(bought.settings) as ctx:
        job_id = await ctx.voice_vendor.adapter.submit(MUSIC, nonce=2)
    assert _found(await bought.audit(providers=True)) == [("I17", f"job {job_id} of listenhub")]


async def test_a_loss_that_is_booked_is_no_stray(bought: Bought) -> None:
    """A job given up with its loss in the ledger is accounted for."""
    async with open_context(bought.settings) as ctx:
        job_id = await ctx.voice_vendor.adapter.submit(MUSIC, nonce=2)
    loss = "INSERT INTO provider_entry (vendor, kind, provider_job_id, created_at_ms) VALUES ('listenhub', "
    await bought.harm(f"{loss}'orphan_loss', '{job_id}', 0)")
    assert _found(await bought.audit(providers=True)) == []


async def test_an_open_intent_may_have_made_the_job(bought: Bought) -> None:
    """While an intent's outcome is open, a job of its time is not called a stray."""
    await bought.harm(
        "UPDATE attempt SET state = 'intent', provider_job_id = NULL, charged_micro = NULL",
        "UPDATE provider_entry SET provider_job_id = NULL",
    )
    assert _found(await bought.audit(providers=True)) == []


async def test_what_can_not_be_compared_is_said(bought: Bought) -> None:
    """A job bought with a key that is no longer set is counted in a note, not passed over."""
    await bought.harm("UPDATE attempt SET key_print = 'former'")
    report = await bought.audit(providers=True)
    assert (_found(report), len(report.notes)) == ([], 1)
    assert "another key" in report.notes[0]


@pytest.mark.parametrize("harmed", [False, True], ids=["in order", "a file gone"])
def test_the_command_tells_its_verdict(bought: Bought, harmed: bool) -> None:
    """The summary is the last line, a fault makes exit 1, and JSON holds the same."""
    if harmed:
        bought.file.unlink()
    environment = {"LONGVIDEO_HOME": str(bought.settings.home), "LONGVIDEO_TIME_SCALE": str(TIME_SCALE)}
    told = CliRunner().invoke(app, ["audit"], env=environment)
    faults = int(harmed)
    assert told.stdout.splitlines()[-1] == f"films 1, transfers 3: {faults} faults"
    as_json = CliRunner().invoke(app, ["audit", "--json"], env=environment)
    assert (told.exit_code, as_json.exit_code) == (faults, faults)
    written = json.loads(as_json.stdout)
    assert (written["films"], len(written["faults"])) == (1, faults)
    assert all(fault["where"] in told.stdout for fault in written["faults"])
