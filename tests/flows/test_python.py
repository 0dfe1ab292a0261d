"""From Python: in a loop of one's own and inside another flow; values and errors are typed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from app.context import AppContext
from film.errors import FilmFailed, InvalidRequest
from flows.long_video import long_video
from tasks.films.results import FilmResult
from tests.flows.conftest import Vendors

PLAIN: dict[str, Any] = {
    "duration": 4,
    "provider": "seedance-fast",
    "resolution": "480p",
    "language": "en",
    "narration": False,
    "music": False,
}


def is_made(film: object) -> bool:
    """Whether a call returned a finished film."""
    return isinstance(film, FilmResult) and film.cost_actual == 72 and Path(film.path or "").is_file()


async def test_films_of_a_loop_are_films_of_their_own(ctx: AppContext) -> None:
    """As in a notebook: a call after the other in one running loop."""
    films = [await long_video(prompt=f"A calm morning, {part}", **PLAIN) for part in ("first", "second")]
    assert all(is_made(film) for film in films)
    assert films[0].film_id != films[1].film_id  # type: ignore[union-attr]


async def test_another_flow_makes_films(ctx: AppContext, vendors: Vendors) -> None:
    """Two at once inside a flow of the user's; what one of them raises is ours, with the film's id and its code."""

    @flow(persist_result=False)
    async def evening(prompts: list[str]) -> list[Any]:
        return await asyncio.gather(*(long_video(prompt=prompt, **PLAIN) for prompt in prompts))

    assert all(is_made(film) for film in await evening(["A red kite", "A blue kite"]))
    vendors.script({"vendor": "listenhub-video", "operation": "create", "fault": "job_failed", "times": None})
    with pytest.raises(FilmFailed, match="segment_failed") as failed:
        await evening(["A kite that falls"])
    assert failed.value.film_id.startswith("vid_")


async def test_a_wrong_value_is_named(ctx: AppContext) -> None:
    """The error tells the field; nothing was ordered."""
    with pytest.raises(InvalidRequest, match="duration"):
        await long_video(prompt="Too long", **{**PLAIN, "duration": 999})
