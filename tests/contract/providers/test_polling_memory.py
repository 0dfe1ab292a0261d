"""Two hundred jobs that are waited for take no more memory the longer they take."""

import asyncio
import gc

import pytest

from providers.http.vendor_client import VendorClient
from providers.listenhub.voice import ListenHubVoice
from providers.polling import wait_for_job

from .conftest import TestClock
from .stub import Stub, reply

_JOBS = 200
#: Caches and pools may still warm up; one object kept a poll would be five times that.
_OBJECTS_MAX = 200
_TRIES = 3


def _task(status: str) -> dict[str, object]:
    task = {"id": "1", "status": status, "model": "listenhub-voice-1.0", "params": {"text": "x"}}
    return {"code": 0, "message": "", "data": {**task, "audioUrl": "http://x/1", "createdAt": 1730000000000}}


@pytest.mark.long
async def test_polling_two_hundred_jobs_keeps_nothing(stub: Stub, client: VendorClient) -> None:
    """After a first round of 200 jobs, a second of five times as many looks leaves no more behind."""
    clock, vendor = TestClock(), ListenHubVoice(client)

    async def rounds(looks: int) -> int:
        left = {"looks": looks * _JOBS}

        def respond(_: object) -> object:
            left["looks"] -= 1
            return reply(_task("generating" if left["looks"] > 0 else "success"))

        stub.respond = respond
        stub.seen.clear()
        waits = {
            "clock": clock,
            "interval_s": 5.0,
            "started_s": clock.now(),
            "deadline_s": 1e9,
            "unreachable_max_s": 60.0,
        }
        await asyncio.gather(*(wait_for_job(vendor, "1", **waits) for _ in range(_JOBS)))
        assert len(stub.seen) == len(clock.waits_s) + _JOBS, "a look is one request"
        stub.seen.clear()
        clock.waits_s.clear()
        gc.collect()
        return len(gc.get_objects())

    await rounds(2)
    # Other threads of the tests' process may make objects meanwhile; what a look leaves behind is there each time.
    grown = [-(await rounds(1)) + await rounds(5)]
    while min(grown) >= _OBJECTS_MAX and len(grown) < _TRIES:
        grown.append(-(await rounds(1)) + await rounds(5))
    assert min(grown) < _OBJECTS_MAX, grown
