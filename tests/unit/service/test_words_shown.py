"""Words of customers and vendors in a terminal, in Prefect's Markdown and in logs: shown, never obeyed."""

import asyncio
import io
import logging
import re
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import update

from film.clock import SystemClock
from film.storyboard import Shot, Storyboard
from ledger.database import schema
from ledger.database.engine import open_database, sqlite_url
from ledger.films import queries
from runtime.logs import TextLines
from service.cli.progress import picture
from service.shown import say_on
from tasks.prefect.markdown import storyboard_markdown
from tests.hostile_texts import TEXTS, WRONG
from tests.unit.service.test_commands import Home

EVIL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
ALL = {**WRONG, **TEXTS}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ALL.items()])
def test_a_console_shows_words_as_they_stand(text: str) -> None:
    """A vendor's `[zh, en] [/query]` neither vanishes nor ends the command; no control sign reaches the terminal."""
    console = Console(file=io.StringIO(), width=1000)
    say_on(console, f"refused: {text}")
    told = console.file.getvalue()  # type: ignore[attr-defined]
    told.encode()
    assert told.startswith("refused:")
    assert not EVIL.search(told)
    if text == TEXTS["rich markup"]:
        assert text in told


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ALL.items()])
def test_old_rows_are_listed_shown_and_audited(tmp_path: Path, text: str) -> None:
    """Rows from before the rule: `list`, `show` and `audit` say what can be said, on the terminal and as JSON."""
    home = Home(tmp_path)
    film_id = home.film("A gull", canceled=True)

    async def age() -> str:
        database = await open_database(sqlite_url(tmp_path / "longvideo.db"), SystemClock(), migrate=True)
        shot = Shot.model_construct(index=0, prompt=text, character_ids=(), narration=text, take=0)
        board = Storyboard.model_construct(title=text, style=text, music=text, characters=(), shots=(shot,))
        async with database.transaction() as conn:
            request = (await queries.get_film(database, film_id)).request.model_dump(mode="json")
            changed = {**request, "prompt": text, "metadata": {text[:60]: text}}
            values = {"request": changed, "storyboard": board.__dict__ | {"shots": [shot.__dict__]}}
            await conn.execute(update(schema.film).where(schema.film.c.id == film_id).values(**values))
        film, segments = await queries.get_film(database, film_id), await queries.get_segments(database, film_id)
        await database.close()
        console = Console(file=io.StringIO(), width=200, force_terminal=False)
        console.print(picture(film, segments, now_ms=0))
        assert not EVIL.search(console.file.getvalue())  # type: ignore[attr-defined]
        return storyboard_markdown(film, segments, {})

    markdown = asyncio.run(age())
    assert not EVIL.search(markdown)
    assert not re.search(r"(?<!\\)<|(?<!\\)\[", markdown)
    for words in (("list",), ("show", film_id), ("audit",)):
        told = home.run(*words)
        assert (told.exit_code, told.exception) == (0, None), told.output
        assert not EVIL.search(told.output)
        assert home.run(*words, "--json").exit_code == 0


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ALL.items()])
def test_every_command_refuses_or_finds_nothing(tmp_path: Path, text: str) -> None:
    """Ids, names and options: an exit code and words, never a trace."""
    home = Home(tmp_path)
    commands = [("show", "--", text), ("cancel", "--", text), ("approve", "--", text), ("delete", "--", text)]
    commands += [("account", "create", "--", text), ("account", "show", "--", text), ("key", "revoke", "--", text)]
    commands += [("compose", "--", text), ("retry", "--", text), ("watch", "--", text)]
    for words in commands:
        told = home.run(*words)
        assert told.exit_code in {1, 2}, (words, told.output)
        assert isinstance(told.exception, SystemExit), (words, told.exception)
        assert told.output.strip()
        assert not EVIL.search(told.output), words


def test_a_trace_in_a_log_is_not_obeyed() -> None:
    """An error's words may be a vendor's; each line of its trace is shown, with its control signs written out."""
    error = ValueError(WRONG["escape"])
    record = logging.LogRecord("longvideo.x", 40, __file__, 1, "x", None, (ValueError, error, None))
    assert not EVIL.search(TextLines().format(record))
