"""`longvideo audit --providers`: our ledger of what was spent, against the vendors' own (I17)."""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from app.catalog import MODELS
from app.context import AppContext, open_context
from app.settings import Settings
from film.errors import ProviderError, ProviderJobUnknown, ProviderRateLimited
from ledger.audit.check import Finding
from ledger.audit.external import BoughtJob, KnownJobs, bought_jobs, known_jobs_of
from ledger.purchases.vendor_spend import to_micro
from providers.ports import JobList, JobStatus, ListedJob
from purchasing.context import MeteredVendor
from service.audit.concurrent import gather_limited

#: How far a vendor's clock may be from ours, and an intent from its job, in seconds.
_SKEW_S: Final = 60.0
_RATE_LIMITED_MAX: Final = 5
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _VendorJobs:
    """A vendor's model that can be asked, and whether it tells what a job cost."""

    vendor: MeteredVendor
    reports: bool


async def vendor_findings(settings: Settings) -> tuple[list[Finding], list[str]]:
    """Compare each ended job's charge with its vendor's, and look for listed jobs that nobody owns.

    Returns:
        What differs, or could not be asked; and notes on what no vendor tells.
    """
    async with open_context(settings) as ctx:
        shelves = _vendor_jobs(ctx)
        asked, notes = _sorted(await bought_jobs(ctx.database), shelves)

        async def look(job: BoughtJob) -> list[Finding]:
            return await _charge_findings(ctx, shelves[_key_of(job)].vendor, job)

        return [*await gather_limited(asked, look), *await _stray_findings(ctx, shelves)], notes


def _vendor_jobs(ctx: AppContext) -> dict[_Key, _VendorJobs]:
    settings = ctx.settings
    found = [
        _VendorJobs(vendor=ctx.metered(model), reports=model.reports_credits)
        for model in MODELS
        if settings.simulated or settings.key_of(model.vendor)
    ]
    rules = [objects.vendor.rate_limit for objects in found]
    return {
        (rate_limit.vendor, rate_limit.model, rate_limit.key_print): objects
        for rate_limit, objects in zip(rules, found, strict=True)
    }


def _key_of(job: BoughtJob) -> _Key:
    return job.vendor, job.model, job.key_print


def _sorted(jobs: Sequence[BoughtJob], shelves: Mapping[_Key, _VendorJobs]) -> tuple[list[BoughtJob], list[str]]:
    """Return the jobs whose vendor can be asked for their charge, and why the others are not."""
    asked, mute, shut = [], Tally[str](), Tally[str]()
    for job in jobs:
        objects = shelves.get(_key_of(job))
        if objects is None:
            shut[f"{job.vendor} {job.model}"] += 1
        elif objects.reports:
            asked.append(job)
        else:
            mute[f"{job.vendor} {job.model}"] += 1
    notes = [f"{number} jobs of {name} not compared: the vendor tells no charges" for name, number in mute.items()]
    notes += [f"{number} jobs of {name} not compared: bought with another key" for name, number in shut.items()]
    return asked, notes


async def _charge_findings(ctx: AppContext, vendor: MeteredVendor, job: BoughtJob) -> list[Finding]:
    """Compare one job's charge."""
    try:
        job_status = await _report(ctx, vendor, job.job_id)
    except ProviderJobUnknown:
        detail = f"{job.vendor} knows no job {job.job_id}"
    except ProviderError as error:
        detail = f"{job.vendor} could not be asked for job {job.job_id}: {error}"
    else:
        told_micro = (
            None if job_status.charged is None else to_micro(job_status.charged - (job_status.refunded or Decimal(0)))
        )
        if told_micro == job.booked_micro:
            return []
        detail = f"{job.vendor} says job {job.job_id} cost {_shown(told_micro)}, our books {_shown(job.booked_micro)}"
    return [Finding(invariant="I17", where=f"attempt {job.attempt}", detail=detail)]


async def _report(ctx: AppContext, vendor: MeteredVendor, job_id: str) -> JobStatus:
    for _ in range(_RATE_LIMITED_MAX):
        try:
            return await vendor.adapter.get_job(job_id)
        except ProviderRateLimited as error:
            wait_s = ctx.timings.retry_delay_s if error.retry_after_s is None else error.retry_after_s
            await ctx.clock.sleep(wait_s)
    return await vendor.adapter.get_job(job_id)


def _shown(amount_micro: int | None) -> str:
    return "nothing" if amount_micro is None else f"{(Decimal(amount_micro) / 1_000_000).normalize():f}"


async def _stray_findings(ctx: AppContext, shelves: Mapping[_Key, _VendorJobs]) -> list[Finding]:
    """Read each list once and name the jobs since our first order that no row accounts for."""
    lists: dict[tuple[str, str], JobList] = {}
    for (vendor, _, _), objects in shelves.items():
        if isinstance(objects.vendor.adapter, JobList):
            lists.setdefault((vendor, objects.vendor.adapter.list_name), objects.vendor.adapter)
    return [stray for (vendor, _), listing in lists.items() for stray in await _strays(ctx, vendor, listing)]


async def _strays(ctx: AppContext, vendor: str, listing: JobList) -> list[Finding]:
    before = await known_jobs_of(ctx.database, vendor)
    if before is None:
        return []
    try:
        listed = await listing.jobs(since_s=before.began_ms / 1000 - _SKEW_S)
    except ProviderError as error:
        return [Finding(invariant="I17", where=vendor, detail=f"its list could not be read: {error}")]
    # Asked again: what was ordered while the list was read is in the rows by now.
    known = await known_jobs_of(ctx.database, vendor) or before
    return [
        Finding(
            invariant="I17",
            where=f"job {job.job_id} of {vendor}",
            detail=f"is a stray: created {_time(job.created_at_s)}, of no attempt and booked as no loss",
        )
        for job in listed
        if job.job_id not in known.accounted and not _may_be_ours(job, known) and not _may_be_ours(job, before)
    ]


def _may_be_ours(job: ListedJob, known: KnownJobs) -> bool:
    """Whether the job may be an intent's whose outcome is open, or was given up and booked as a loss."""
    return any(abs(job.created_at_s - intent_ms / 1000) <= _SKEW_S for intent_ms in known.unknown_intents_ms)


def _time(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="seconds")
