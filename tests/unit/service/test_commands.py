"""What the commands that only need the ledger say to people, and what they answer to scripts."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from film.clock import SystemClock
from film.errors import FilmNotFound
from film.ids import LOCAL_ACCOUNT, FilmId
from film.request import parse_request
from ledger.database.engine import open_database, sqlite_url
from ledger.films.approvals import ask
from ledger.films.orders import Payer, open_film
from ledger.films.settlement import cancel_film
from ledger.leases import take_lease
from service.cli.main import app

LOCAL = Payer(account=LOCAL_ACCOUNT, api_key="local", granted_on_demand=True)


class Home:
    """A home with its ledger, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, **environment: str) -> Result:
        """Run the command in this process."""
        return CliRunner().invoke(app, list(words), env={"LONGVIDEO_HOME": str(self.folder), **environment})

    def says(self, *words: str) -> str:
        """Return what the command says, which has to go well."""
        told = self.run(*words)
        assert told.exit_code == 0, told.output
        return str(told.stdout)

    def json(self, *words: str) -> Any:
        """Return what the command answers to a script."""
        return json.loads(self.says(*words, "--json"))

    def film(self, prompt: str, *, asking: bool = False, canceled: bool = False) -> FilmId:
        """Order a film of 4 s that nobody makes; one may ask a person, or be canceled."""

        async def body() -> FilmId:
            database = await open_database(sqlite_url(self.folder / "longvideo.db"), SystemClock(), migrate=True)
            request = parse_request({"prompt": prompt, "duration": 4, "language": "en", "approve": asking})
            film_id = (await open_film(database, request, LOCAL, idem_key=None, simulated=True)).film_id
            if asking:
                await ask(database, await take_lease(database, film_id, owner="run-1", lease_s=60))
            if canceled:
                await cancel_film(database, film_id)
            await database.close()
            return film_id

        return asyncio.run(body())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return an empty home."""
    return Home(tmp_path)


def test_films_are_listed_newest_first(home: Home) -> None:
    """Id, status, percent, length, price and who renders."""
    first, second = home.film("A gull"), home.film("A heron")
    rows = [line.split() for line in home.says("list").splitlines() if "vid_" in line]
    assert [row[:6] for row in rows] == [[film, "queued", "0", "4", "110", "happyhorse"] for film in (second, first)]
    assert [film["task_id"] for film in home.json("list", "--limit", "1")] == [second]


def test_a_film_is_canceled_once(home: Home) -> None:
    """The second time there is nothing to cancel, and it says so."""
    film_id = home.film("A gull")
    assert home.says("cancel", film_id).splitlines()[:2] == [f"{film_id}: canceled", f"{film_id} canceled"]
    assert "0 credits charged, 110 given back" in home.says("show", film_id)
    assert "it had ended before; nothing was canceled" in home.says("cancel", film_id)
    watched = home.run("watch", film_id)
    assert (watched.exit_code, f"{film_id} canceled" in watched.stdout) == (130, True)


@pytest.mark.parametrize(
    ("answer", "words"), [("approve", "approved: it goes on"), ("reject", "rejected: it is being canceled")]
)
def test_a_question_is_answered_once(home: Home, answer: str, words: str) -> None:
    """A film that waits shows how to answer it; a second answer is refused by name."""
    film_id = home.film("A gull", asking=True)
    assert f"waits for you (110 credits): `longvideo approve {film_id}` or `reject`" in home.says("show", film_id)
    assert words in home.says(answer, film_id)
    again = home.run(answer, film_id)
    assert (again.exit_code, again.stderr) == (2, f"{film_id}: it does not wait for an approval.\n")


def test_a_deleted_film_is_gone(home: Home) -> None:
    """Only an ended one can be deleted; then it is nobody's, and the ledger still balance."""
    running, ended = home.film("A gull"), home.film("A heron", canceled=True)
    refused = home.run("delete", running)
    assert (refused.exit_code, refused.stderr) == (2, f"{running}: it is still being made; cancel it first.\n")
    assert home.says("delete", ended) == f"{ended} is deleted.\n"
    again = home.run("delete", ended, "--json")
    assert again.exit_code == 2
    assert json.loads(again.stdout)["error"] == {"code": FilmNotFound.code, "message": str(FilmNotFound(film_id=ended))}
    assert home.says("audit").endswith("0 faults\n")


def test_accounts_and_keys_are_told(home: Home) -> None:
    """What a person reads; a reason is granted once, and a key that is disabled is listed so."""
    assert home.says("account", "create", "acme").startswith("Account acme is open; ")
    grant = ("account", "grant", "acme", "27.5", "--reason", "first order")
    assert home.says(*grant) == "27.5 credits granted; acme has 27.5 available.\n"
    assert home.says(*grant).startswith("Nothing is granted: 'first order' was granted before")
    created = home.run("key", "create", "acme")
    assert "aren't shown again" in created.stderr
    key_id = created.stdout.splitlines()[0].split()[-1]
    assert home.says("key", "list") == f"{key_id}  acme\n"
    assert home.says("key", "revoke", key_id) == f"{key_id} is disabled.\n"
    assert home.says("key", "list", "--account", "acme") == f"{key_id}  acme  disabled\n"
    assert home.says("key", "list", "--account", "other") == ""


@pytest.mark.processes
def test_a_price_and_the_machines_fitness_are_told(home: Home) -> None:
    """Neither needs a film."""
    told = home.says("estimate", "--duration", "60")
    assert "1650 credits" in told
    assert all(line.startswith("ok ") for line in home.says("doctor").splitlines())


@pytest.mark.processes
def test_the_doctor_names_what_is_missing(home: Home) -> None:
    """Each with its remedy, and the rest is still looked at."""
    nowhere = {
        "LONGVIDEO_DATABASE_URL": "postgresql+asyncpg://nobody:pw@127.0.0.1:1/films",
        "LONGVIDEO_STORE_URL": "s3://films",
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }
    told = home.run("doctor", **nowhere)
    wrong = [line for line in told.stdout.splitlines() if not line.startswith("ok ")]
    assert (told.exit_code, [line.partition(":")[0] for line in wrong]) == (
        1,
        ["FAIL ledger", "FAIL store", "FAIL vendors"],
    )
    assert wrong[0].endswith("-> see LONGVIDEO_DATABASE_URL")
    assert wrong[1].endswith("-> see LONGVIDEO_STORE_URL")
    assert all(one["remedy"] for one in json.loads(home.run("doctor", "--json", **nowhere).stdout) if not one["fine"])


@pytest.mark.parametrize("command", ["migrate", "list"])
@pytest.mark.parametrize("there", [True, False], ids=["no database", "no server"])
def test_a_database_that_is_not_there_is_one_line(home: Home, postgres: str, there: bool, command: str) -> None:
    """Wherever the connection fails, the command says so without a trace, and without the password."""
    url = postgres.format(database="nowhere") if there else "postgresql+asyncpg://nobody:pw@127.0.0.1:1/films"
    told = home.run(command, LONGVIDEO_DATABASE_URL=url)
    assert (told.exit_code, told.stderr.count("\n")) == (1, 1), told.output
    assert told.stderr.startswith("The database postgresql+asyncpg://***@")
    assert "pw" not in told.stderr
