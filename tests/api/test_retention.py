"""What is old is removed by age, and what is removed is missed by nobody: not by the audit, nor by another film."""

import httpx

from ledger.audit.external import recorded_files
from ledger.audit.run import check_books
from ledger.films.retention import delete_old_clips, delete_old_films
from tests.api.service_context import ServiceUnderTest
from tests.api.test_films import ordered

_DAY_S = 86_400


async def _missing(service: ServiceUnderTest) -> list[str]:
    """Return the recorded files that don't lie in the store, as the audit looks for them (I16)."""
    recorded = [one.file.object_key for one in await recorded_files(service.database)]
    return [key for key in recorded if await service.objects.size_of(key) is None]


async def test_clips_go_first_and_the_film_stays(service: ServiceUnderTest, client: httpx.AsyncClient) -> None:
    """After their days an ended film's clips are gone: compose says which are missing, retry buys them anew."""
    film_id = await ordered(client)
    await service.complete(film_id)
    fresh = await ordered(client)
    assert await delete_old_clips(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 0
    service.clock.time += _DAY_S + 1
    assert await delete_old_clips(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 1
    assert await delete_old_clips(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 0
    assert list((service.folder / "store" / "clips").iterdir()) == []
    video = (await client.get(f"/v1/videos/{film_id}")).json()
    assert (await client.get(video["result_url"])).status_code == 200
    answer = await client.post(f"/v1/videos/{film_id}/compose")
    assert answer.json()["error"]["code"] == "no_segments"
    redone = (await client.post(f"/v1/videos/{film_id}/retry", json={"redo_segments": [1]})).json()
    assert (redone["cost_estimate"], redone["shots_done"]) == (467.5, 0)
    assert (await client.get(f"/v1/videos/{fresh}")).json()["status"] == "queued"
    assert await _missing(service) == []
    await check_books(service.database)


async def test_an_adopted_clip_stays_as_long_as_its_adopter_is_young(
    service: ServiceUnderTest, client: httpx.AsyncClient
) -> None:
    """A clip belongs to whoever needs it last."""
    film_id = await ordered(client)
    await service.fail(film_id, ready=2)
    service.clock.time += _DAY_S
    heir = (await client.post(f"/v1/videos/{film_id}/retry")).json()["task_id"]
    await service.complete(heir)
    service.clock.time += 10
    assert await delete_old_clips(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 1
    assert await _missing(service) == []
    assert (await client.post(f"/v1/videos/{heir}/compose")).status_code == 202
    await check_books(service.database)


async def test_films_go_by_age_and_a_half_done_deletion_is_finished(
    service: ServiceUnderTest, client: httpx.AsyncClient
) -> None:
    """Ended films of that age are deleted, unfinished ones never; files a dead process left are removed later."""
    film_id, unfinished = await ordered(client), await ordered(client)
    await service.complete(film_id)
    service.clock.time += _DAY_S + 1
    assert await delete_old_films(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 1
    assert (await client.get(f"/v1/videos/{film_id}")).status_code == 404
    assert (await client.get(f"/v1/videos/{unfinished}")).status_code == 200
    await service.result(film_id)  # as if the process had died before it removed them
    assert await delete_old_films(service.database, service.objects, older_than_s=_DAY_S, limit=10) == 0
    assert [path for path in (service.folder / "store").rglob("*") if path.is_file()] == []
    assert await _missing(service) == []
    await check_books(service.database)


async def test_an_orders_key_outlives_its_film(service: ServiceUnderTest) -> None:
    """The Idempotency-Key of a deleted film answers 202 with it, its links gone: it orders no second film."""
    client = service.client((await service.key()).secret)
    order = {"prompt": "A calm morning", "duration": 3, "language": "en"}
    headers = {"Idempotency-Key": "k"}
    film_id = (await client.post("/v1/videos", json=order, headers=headers)).json()["task_id"]
    await service.complete(film_id)
    await client.delete(f"/v1/videos/{film_id}")
    again = await client.post("/v1/videos", json=order, headers=headers)
    assert (again.status_code, again.json()["task_id"], again.json()["result_url"]) == (202, film_id, None)
    assert (again.json()["status"], again.headers["idempotent-replayed"]) == ("completed", "true")
