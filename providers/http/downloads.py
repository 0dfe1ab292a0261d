"""What every job vendor does alike once its own wire is read: sort the found, fetch the file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from film.errors import ProviderUnavailable
from providers.http.pagination import Listed
from providers.http.vendor_client import VendorClient
from providers.ports import JobStatus, ListedJob

#: The most bytes a vendor's file may have: a clip of 15 s in 1080p, or 110 s of PCM, has a tenth of this.
FILE_BYTES_MAX: Final = 512 * 2**20


def oldest_first(found: Iterable[Listed]) -> list[ListedJob]:
    """Return found list items as the port's values, oldest first."""
    jobs = [ListedJob(job_id=item.job_id, created_at_s=item.created_at_s) for item in found]
    return sorted(jobs, key=lambda job: (job.created_at_s, job.job_id))


async def fetch_file(job: JobStatus, into: Path, *, client: VendorClient) -> None:
    """Download a finished job's file to `into`; see `JobVendor.fetch` for what it raises."""
    if job.file_url is None:
        raise ProviderUnavailable(provider=client.vendor, detail=f"job {job.job_id} has no file yet")
    await client.egress.download(job.file_url, into, size_bytes_max=FILE_BYTES_MAX, vendor=client.vendor)
