"""What stands beside the jobs, against the simulators: the callback, uploads, speakers, credits."""

import asyncio
from pathlib import Path

from film.callbacks import CallbackAddress
from film.profiles import Provider, Vendor
from providers import registry
from providers.vibegen.request import Callback

from .conftest import clip_order
from .simulated import Simulated
from .stub import Answer, Seen, Stub
from .test_simulated_vendors import ended


async def test_vibegen_calls_back_at_the_attempts_own_address(simulated: Simulated, stub: Stub) -> None:
    called = asyncio.Event()

    def respond(_: Seen) -> Answer:
        called.set()
        return Answer(status=204)

    stub.respond = respond
    callbacks = CallbackAddress(public_url=stub.url, secret=b"secret")
    client = simulated.client(Vendor.VIBEGEN)
    async with client:
        vendor = registry.video_vendor(Provider.VIBEGEN, client, callbacks=callbacks)
        job_id = await vendor.submit(clip_order(), nonce=77)
        await ended(vendor, job_id)
        async with asyncio.timeout(60):
            await called.wait()
    _, _, _, nonce, mac = stub.seen[0].path.split("/")
    assert callbacks.accepts(int(nonce), mac)
    assert Callback.model_validate(stub.seen[0].json).task_id == job_id


async def test_uploads_speakers_and_credits(simulated: Simulated, tmp_path: Path) -> None:
    file = tmp_path / "anchor.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    async with simulated.client(Vendor.LISTENHUB) as client:
        url = await registry.storage(client).upload(file, content_type="image/png")
        assert url.startswith(simulated.url)
        spoken = await registry.speakers(client).speakers("zh-CN")
        assert {speaker.language for speaker in spoken} == {"zh"}
        assert await registry.account(Vendor.LISTENHUB, client).credits_available() > 0
