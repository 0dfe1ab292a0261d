"""A film whose objects lie in a bucket: nothing of it has to be on this machine."""

import shutil
from io import BytesIO
from pathlib import Path

import av
import httpx
import pytest

from app.context import open_context
from app.settings import Mode, Settings
from film.status import Status
from ledger.films.retry import reopen_to_compose
from service.cli.export import export_film
from tasks.films.results import film_result
from tests.flows.conftest import TIME_SCALE, Vendors, made, ordered


async def test_a_film_in_a_bucket(s3: str, vendors: Vendors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, linked by the bucket's signature, composed again without one work file, and written to a local one."""
    for name, value in {
        "AWS_ENDPOINT": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings(
        mode=Mode.SIMULATED,
        home=tmp_path,
        store_url="s3://works",
        simulators_url=vendors.url,
        time_scale=TIME_SCALE,
        _env_file=None,
    )
    async with httpx.AsyncClient(trust_env=False) as owner:
        (await owner.put(f"{s3}/works")).raise_for_status()
    vendors.script()
    vendors.fresh_windows()
    async with open_context(settings) as ctx:
        film = await made(ctx, await ordered(ctx, prompt="A red fox", narration=True, duration=4))
        assert film.status is Status.COMPLETED
        assert film.result is not None
        told = await film_result(ctx, film.id)
        assert (told.path, told.result_url) == (None, f"s3://works/{film.result.film}")
        link = await ctx.objects.presigned(film.result.film, life_s=60)
        assert link is not None
        async with httpx.AsyncClient(trust_env=False) as anybody:
            content = (await anybody.get(link)).content
        with av.open(BytesIO(content)) as seen:
            assert sum(1 for _ in seen.decode(video=0)) == 96
        for folder in ("parts", "films"):
            shutil.rmtree(ctx.work_dir / folder)
        await reopen_to_compose(ctx.database, film.id)
        again = await made(ctx, film.id)
        assert (again.status, again.compose_n) == (Status.COMPLETED, 1)
        files = await export_film(ctx.objects, again, tmp_path / "out.mp4")
        assert files[0].stat().st_size > 10_000
    assert not (tmp_path / "store").exists()
